// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Machine.Simulation;
using Physr.Memory;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Superblocks, bitmaps and journals that somebody tampered with: no exception, and no access outside the members.</summary>
public class RaidFuzzTests
{
    private const ulong Size = (2UL << 20) + (32 << 10);
    private const int Rounds = 3500;

    [Theory]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid6, 4)]
    public void MutatedMetadataNeverThrowsAndNeverLeavesTheMembers(RaidLevel level, int members)
    {
        using NativeRam ram = new(new(new(0x1000_0000), 32UL << 20));
        MemoryMedia[] media = [.. Enumerable.Range(0, members).Select(static i => new MemoryMedia($"pmem{i}", Size))];
        byte[][] good = new byte[members][];
        using (RaidRig rig = new(1, ram))
        {
            BlockDevice[] devices = [.. media.Select(medium => (BlockDevice)rig.DeviceOver(medium))];
            using RaidArray array = rig.Create(RaidRig.Options(level), devices);
            Assert.Equal(BlockStatus.Ok, rig.Write(array, 512, rig.RandomBytes(5120)));
            good = [.. media.Select(static medium => medium.WritableAt(0, 300 << 10).ToArray())];
        }

        SeededRandom random = new((ulong)level);
        int assembled = 0;
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < members; i++)
            {
                // Metadata only: what the last round wrote to the data does not matter here.
                good[i].CopyTo(media[i].WritableAt(0, 300 << 10));
            }

            Mutate(random, media[(int)random.Below((ulong)members)].WritableAt(0, 300 << 10));
            if (random.Below(2) == 0)
            {
                Mutate(random, media[(int)random.Below((ulong)members)].WritableAt(0, 300 << 10));
            }

            assembled += Use(round, ram, media) ? 1 : 0;
        }

        Assert.InRange(assembled, Rounds / 10, Rounds);
        Array.ForEach(media, static medium => medium.Dispose());
    }

    private static bool Use(int round, NativeRam ram, MemoryMedia[] media)
    {
        using RaidRig rig = new((ulong)round, ram);
        BlockDevice[] devices = [.. media.Select(medium => (BlockDevice)rig.DeviceOver(medium))];
        RaidAssembly how = new() { AllowDegraded = round % 2 == 0, Recovery = (RaidRecovery)(round % 3) };
        Errno errno = RaidArray.TryAssemble(how, devices, rig.Host, out RaidArray? array, out string reason);
        Assert.True((errno == Errno.None) == reason is "", $"round {round}: {errno} '{reason}'");
        if (array is not null)
        {
            using (array)
            {
                // Every request is within these.
                Assert.All(array.Members.Where(static member => member.Device is not null), member =>
                    Assert.True(array.DataOffset + array.Geometry.MemberBytes <= member.Device!.Sectors << 9, $"round {round}: {member} is too small"));
                rig.Read(array, 0, new byte[4096]);
                rig.Write(array, 4096, new byte[1024]);
                array.ResyncStep(65536, out _, out _);
                array.RebuildStep(65536, out _, out _);
                if (round % 16 == 0)
                {
                    array.Scrub(repair: true);
                }

                array.TryStop(out _);
            }
        }

        return errno == Errno.None;
    }

    private static void Mutate(SeededRandom random, Span<byte> medium)
    {
        // One of the superblocks, the bitmap or the journal; with a fitting checksum most of the time.
        ulong place = random.Below(4);
        Span<byte> block = place switch
        {
            0 => medium[..4096],
            1 => medium.Slice(4096, 4096),
            2 => medium.Slice(64 << 10, 4096),
            _ => medium.Slice((128 << 10) + (int)(random.Below(4) * (4096 + (4096 * 3))), 4096),
        };
        Span<byte> part = block[..(place < 2 ? 400 : 80)];
        for (ulong i = random.Below(4); ; i--)
        {
            int at = (int)random.Below((ulong)part.Length - 8);
            ulong value = random.Below(3) switch { 0 => random.Next(), 1 => random.Below(8), _ => ulong.MaxValue << (int)random.Below(64) };
            BitConverter.TryWriteBytes(part[at..], random.Below(2) == 0 ? (long)value : part[at] ^ (long)(value & 0xff));
            if (i == 0)
            {
                break;
            }
        }

        if (random.Below(8) != 0)
        {
            int sum = place < 2 ? 4092 : 76;
            BitConverter.TryWriteBytes(block[sum..], Crc32C.Of(block[..sum]));
        }

        if (place == 0 && random.Below(2) == 0)
        {
            block.CopyTo(medium.Slice(4096, 4096));
        }
    }
}
