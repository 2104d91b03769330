// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Btt;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Btt.BttMedia;

namespace Physr.Storage.Tests.Btt;

/// <summary>Random damage to info block, flog and map, half of it with a right checksum: no exception, and nothing outside the medium is touched.</summary>
public sealed class BttFuzzTests
{
    private const int Rounds = 10_000;

    [Fact]
    public void DamagedTablesOpenOrAreNamed_AndNeverThrow()
    {
        // The namespace lies between guards: a store outside shows there.
        using MemoryMedia whole = new("image", 20 * MiB);
        byte[] guard = new byte[4096];
        Array.Fill(guard, (byte)0x5A);
        whole.TryWrite((2 * MiB) - 4096, guard);
        whole.TryWrite(18 * MiB, guard);
        MediaSlice medium = new("pmem", whole, 2 * MiB, 16 * MiB);
        BttDevice device = Make(medium, new() { SectorBytes = 512 });
        for (ulong i = 0; i < 300; i++)
        {
            Assert.Equal(Errno.None, device.TryWrite(i * 3, Sector(device, i)));
        }

        BttLayout layout = Info(medium).Layout;
        byte[] info = Copy(medium, 0, 4096);
        byte[] map = Copy(medium, layout.MapOffset, 4096);
        byte[] flog = Copy(medium, layout.FlogOffset, 256 * 64);
        int opened = 0;
        byte[] buffer = new byte[512];
        for (int seed = 0; seed < Rounds; seed++)
        {
            Random random = new(seed);
            byte[] badInfo = [.. info];
            byte[] badFlog = [.. flog];
            byte[] badMap = [.. map];
            int kind = random.Next(8);
            Mutate(random, badInfo.AsSpan(48, 72), (kind & 1) != 0);
            Mutate(random, badFlog, (kind & 2) != 0);
            Mutate(random, badMap.AsSpan(0, 512), (kind & 4) != 0);
            if (random.Next(8) != 0)
            {
                Fletcher64.Seal(badInfo, 4088);
            }

            medium.TryWrite(0, badInfo);
            medium.TryWrite(layout.CopyOffset, badInfo);
            medium.TryWrite(layout.FlogOffset, badFlog);
            medium.TryWrite(layout.MapOffset, badMap);
            if (seed % 50 == 0)
            {
                BttReport report = BttCheck.Run(medium);
                Assert.True(report.IsClean || report.Problems.All(static problem => problem.Length > 10), $"seed {seed}");
            }

            Errno errno = BttDevice.TryOpen(medium, default, out BttDevice? bad, out string reason);
            Assert.True(errno == Errno.None ? bad is not null : reason.Length != 0, $"seed {seed}: {errno}");
            if (bad is null)
            {
                continue;
            }

            opened++;
            for (int i = 0; i < 8; i++)
            {
                ulong sector = i < 6 ? (ulong)random.Next(128) : (ulong)random.NextInt64((long)bad.Sectors);
                if (bad.SectorBytes == 512)
                {
                    bad.TryRead(sector, buffer);
                    bad.TryWrite(sector, buffer);
                    bad.TryZero(sector);
                }
            }
        }

        Assert.InRange(opened, Rounds / 20, Rounds - 100);
        Assert.Equal(guard, Copy(whole, (2 * MiB) - 4096, 4096));
        Assert.Equal(guard, Copy(whole, 18 * MiB, 4096));
    }

    private static void Mutate(Random random, Span<byte> bytes, bool really)
    {
        for (int i = really ? random.Next(1, 4) : 0; i > 0; i--)
        {
            int at = random.Next(bytes.Length);
            bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(), 1 => 0xFF, _ => (byte)(bytes[at] ^ (1 << random.Next(8))) };
        }
    }

    private static byte[] Copy(PersistentMemory medium, ulong at, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(Errno.None, medium.TryRead(at, bytes));
        return bytes;
    }
}
