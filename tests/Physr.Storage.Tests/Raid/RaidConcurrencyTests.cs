// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Many requests at a time over members that complete later, in any order, and fail.</summary>
public class RaidConcurrencyTests
{
    private const ulong Size = (2UL << 20) + (64 << 10);
    private const int Lane = 2048;

    [Theory]
    [InlineData(RaidLevel.Raid5, 4, 1UL)]
    [InlineData(RaidLevel.Raid5, 3, 2UL)]
    [InlineData(RaidLevel.Raid6, 5, 3UL)]
    [InlineData(RaidLevel.Raid6, 4, 4UL)]
    [InlineData(RaidLevel.Raid1, 3, 5UL)]
    [InlineData(RaidLevel.Raid10, 5, 6UL)]
    public void RequestsBesideEachOtherDoNotDisturbEachOther(RaidLevel level, int members, ulong seed)
    {
        using RaidRig rig = new(seed);
        SlowDevice[] devices = [.. rig.Devices(members, Size).Select(device => new SlowDevice(device, rig.Random))];
        RaidArray array = rig.Create(RaidRig.Options(level), devices);
        byte[] oracle = new byte[array.Geometry.ArrayBytes];
        int lanes = oracle.Length / Lane;
        for (int round = 0; round < 30; round++)
        {
            if (round == 10)
            {
                // Whatever it is asked from now on, it fails; and a stray read of another member is lost now and then.
                devices[1].Fault = static _ => BlockStatus.IoError;
            }
            else if (round > 10 && level == RaidLevel.Raid6)
            {
                devices[0].Fault = bio => bio.Operation == BioOperation.Read && rig.Random.Below(15) == 0 ? BlockStatus.Medium : BlockStatus.Ok;
            }

            Round(rig, array, oracle, lanes, $"seed {seed}, round {round}");
        }

        devices[0].Fault = static _ => BlockStatus.Ok;
        rig.Check(array, oracle, $"seed {seed}");
        Assert.NotEqual(RaidState.Failed, array.State);
        Assert.False(array.Poll());
        Assert.Equal(Errno.None, array.TryStop(out _));
        rig.Check(rig.Assemble([.. devices.Where((_, i) => i != 1)], degraded: true), oracle, $"seed {seed}: again");
    }

    [Fact]
    public void NothingWaitsInSubmit()
    {
        using RaidRig rig = new(9);
        SlowDevice[] devices = [.. rig.Devices(4, Size).Select(device => new SlowDevice(device, rig.Random))];
        RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid6), devices);
        List<Bio> bios = [.. Enumerable.Range(0, 20).Select(i => rig.WriteBio((ulong)i * 4096, new byte[4096]))];
        bios.ForEach(array.Submit);
        Assert.DoesNotContain(bios, static bio => bio.IsCompleted);
        while (array.Poll())
        {
        }

        Assert.All(bios, static bio => Assert.True(bio.IsCompleted && bio.Status == BlockStatus.Ok));
    }

    [Fact]
    public void AFullRowIsWrittenWithoutReading()
    {
        using RaidRig rig = new(10);
        SlowDevice[] devices = [.. rig.Devices(5, Size).Select(device => new SlowDevice(device, rig.Random))];
        RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid5), devices);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, new byte[16384]));
        int reads = 0;
        foreach (SlowDevice device in devices)
        {
            device.Fault = bio =>
            {
                reads += bio.Operation == BioOperation.Read ? 1 : 0;
                return BlockStatus.Ok;
            };
        }

        Assert.Equal(BlockStatus.Ok, rig.Write(array, 16384, rig.RandomBytes(16384)));
        Assert.Equal(0, reads);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 16384, rig.RandomBytes(4096)));
        Assert.Equal(2, reads); // the old data and the old parity
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 16384, rig.RandomBytes(12288)));
        Assert.Equal(3, reads); // the one chunk that stays
    }

    [Fact]
    public void AMemberThatIsShortOfMemoryForAMomentStaysAndARowIsNeverLeftHalfWritten()
    {
        using RaidRig rig = new(11);
        SlowDevice[] devices = [.. rig.Devices(3, Size).Select(device => new SlowDevice(device, rig.Random))];
        RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid5), devices);
        ulong data = array.DataOffset >> Bio.SectorShift;
        int refused = 0;
        devices[1].Fault = bio => bio.Operation == BioOperation.Write && bio.Sector >= data && refused++ < 2 ? BlockStatus.Resource : BlockStatus.Ok;
        byte[] oracle = rig.RandomBytes((int)array.Geometry.ArrayBytes);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, oracle));
        Assert.Equal(RaidState.Healthy, array.State);
        Assert.True(refused > 2);

        devices[1].Fault = bio => bio.Operation == BioOperation.Write && bio.Sector >= data ? BlockStatus.Invalid : BlockStatus.Ok;
        oracle = rig.RandomBytes(oracle.Length);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, oracle));
        Assert.Equal(RaidMemberState.Failed, array.Members[1].State);
        rig.Check(array, oracle, "without the member that refused its part");
    }

    private static void Round(RaidRig rig, RaidArray array, byte[] oracle, int lanes, string here)
    {
        List<(Bio Bio, int Offset, byte[]? Data)> open = [];
        for (int lane = 0; lane < lanes; lane++)
        {
            int sectors = 1 + (int)rig.Random.Below(4);
            int offset = (lane * Lane) + ((int)rig.Random.Below((ulong)(5 - sectors)) * 512);
            PhysicalRange memory = new(new(0x1000_0000 + (20UL << 20) + (ulong)(lane * Lane)), (ulong)sectors * 512);
            ulong choice = rig.Random.Below(4);
            if (choice == 0)
            {
                continue;
            }

            byte[]? data = choice == 1 ? rig.RandomBytes(sectors * 512) : null;
            Assert.Equal(Errno.None, rig.Bytes.TryWrite(memory.Start, data ?? new byte[sectors * 512]));
            open.Add((new(data is null ? BioOperation.Read : BioOperation.Write, (ulong)offset >> 9, RangeList.Of(memory).All) { State = memory }, offset, data));
        }

        foreach ((Bio bio, _, _) in open)
        {
            array.Submit(bio);
            if (rig.Random.Below(3) == 0)
            {
                array.Poll();
            }
        }

        while (array.Poll())
        {
        }

        byte[] seen = new byte[Lane];
        foreach ((Bio bio, int offset, byte[]? data) in open)
        {
            Assert.True(bio.IsCompleted && bio.Status == BlockStatus.Ok, $"{here}: {bio} {bio.IsCompleted} {bio.Status} {array.FailureReason}");
            if (data is not null)
            {
                data.CopyTo(oracle, offset);
                continue;
            }

            Span<byte> read = seen.AsSpan(0, (int)bio.Bytes);
            Assert.Equal(Errno.None, rig.Bytes.TryRead(((PhysicalRange)bio.State!).Start, read));
            Assert.True(read.SequenceEqual(oracle.AsSpan(offset, read.Length)), $"{here}: {bio} differs");
        }
    }
}
