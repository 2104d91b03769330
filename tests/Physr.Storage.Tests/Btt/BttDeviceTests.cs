// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;
using Physr.Dma.Block;
using Physr.Memory;
using Physr.Storage.Btt;
using static Physr.Storage.Tests.Btt.BttMedia;

namespace Physr.Storage.Tests.Btt;

/// <summary>Sectors against a dictionary, on one thread and on many; lost blocks; bios.</summary>
public sealed class BttDeviceTests
{
    [Theory]
    [InlineData(512, 1)]
    [InlineData(4096, 2)]
    [InlineData(512, 3)]
    public void AnyRunOfWritesZeroesAndOpeningsReadsAsADictionaryDoes(uint sector, int seed)
    {
        using MemoryMedia medium = new("pmem", 33 * MiB);
        BttDevice device = Make(medium, new() { SectorBytes = sector, ArenaBytes = 16 * MiB });
        Dictionary<ulong, ulong> oracle = [];
        Random random = new(seed);
        byte[] seen = new byte[sector];
        for (int step = 0; step < 20_000; step++)
        {
            // A few sectors around the border of the arenas, so that blocks come back often.
            ulong at = (device.Sectors / 2) - 40 + (ulong)random.Next(80);
            switch (random.Next(100))
            {
                case < 45:
                    ulong value = (ulong)random.NextInt64();
                    Assert.Equal(Errno.None, device.TryWrite(at, Sector(device, value)));
                    oracle[at] = value;
                    break;
                case < 55:
                    Assert.Equal(Errno.None, device.TryZero(at));
                    oracle[at] = 0;
                    break;
                case 55 when step % 7 == 0:
                    device = Open(medium);
                    Assert.Equal(0, device.FinishedWrites);
                    break;
                default:
                    Assert.Equal(Errno.None, device.TryRead(at, seen));
                    Assert.True(ValueOf(seen) == oracle.GetValueOrDefault(at), $"seed {seed}, step {step}, sector {at}");
                    break;
            }
        }

        BttReport report = BttCheck.Run(medium);
        Assert.True(report.IsClean, string.Join("; ", report.Problems));
    }

    [Fact]
    public void ThreadsOnAFewSectorsNeverSeeATornOne_NorOneThatNobodyWrote()
    {
        using MemoryMedia medium = new("pmem", 16 * MiB);
        BttDevice device = Make(medium, new() { SectorBytes = 512 });
        const int Sectors = 5;
        ConcurrentBag<string> wrong = [];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(thread => new Thread(() =>
        {
            Random random = new(thread);
            byte[] seen = new byte[512];
            ulong[] last = new ulong[8];
            for (ulong step = 1; step <= 4000; step++)
            {
                ulong sector = (ulong)random.Next(Sectors);
                if (random.Next(2) == 0)
                {
                    Errno errno = device.TryWrite(sector, Sector(device, (step << 8) | (uint)thread));
                    if (errno != Errno.None)
                    {
                        wrong.Add($"write {errno}");
                    }
                }
                else if (device.TryRead(sector, seen) != Errno.None || ValueOf(seen) is not { } value || (value & 0xFF) > 7 || value >> 8 > 4000)
                {
                    wrong.Add($"torn at step {step}");
                }
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        Assert.Empty(wrong);
        BttReport report = BttCheck.Run(medium);
        Assert.True(report.IsClean, string.Join("; ", report.Problems));
        Assert.Equal(0, report.Unfinished);
    }

    [Fact]
    public void ABlockThatSomebodyReadsIsNotWritten_UntilTheReadIsOver()
    {
        using MemoryMedia memory = new("pmem", 16 * MiB);
        Make(memory);
        BttLayout layout = Info(memory).Layout;
        HookedMedia medium = new(memory);
        BttDevice device = Open(medium);
        Assert.Equal(Errno.None, device.TryWrite(3, Sector(device, 1)));
        using ManualResetEventSlim second = new();
        Thread writer = new(() =>
        {
            // The first write frees the block that is being read; the second would take it.
            device.TryWrite(3, Sector(device, 2));
            device.TryWrite(9, Sector(device, 3));
            second.Set();
        });
        medium.BeforeRead = offset =>
        {
            if (offset >= layout.DataOffset && offset < layout.MapOffset)
            {
                medium.BeforeRead = null;
                writer.Start();
                second.Wait(300);
            }
        };
        byte[] seen = new byte[4096];
        Assert.Equal(Errno.None, device.TryRead(3, seen));
        Assert.Equal(1UL, ValueOf(seen));
        writer.Join();
        Assert.Equal(Errno.None, device.TryRead(9, seen));
        Assert.Equal(3UL, ValueOf(seen));
    }

    [Fact]
    public void LostBlocksAreIoErrors_UntilTheSectorIsWritten()
    {
        using MemoryMedia medium = new("pmem", 16 * MiB);
        BttDevice device = Make(medium);
        Assert.Equal(Errno.None, device.TryWrite(4, Sector(device, 1)));
        BttLayout layout = Info(medium).Layout;
        uint block = layout.Blocks - 1;
        for (uint each = layout.Sectors; each < layout.Blocks; each++)
        {
            byte[] first = new byte[8];
            medium.TryRead(layout.DataOffset + ((ulong)each * 4096), first);
            block = first[0] == 1 ? each : block;
        }

        medium.Errors.Inject(layout.DataOffset + ((ulong)block * 4096) + 700, 1);
        Assert.Equal(Errno.EIO, device.TryRead(4, new byte[4096]));
        Assert.Equal(Errno.None, device.TryWrite(4, Sector(device, 2)));
        byte[] seen = new byte[4096];
        Assert.Equal(Errno.None, device.TryRead(4, seen));
        Assert.Equal(2UL, ValueOf(seen));

        // The lost block is free now: the write that takes it mends it.
        for (ulong i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.None, device.TryWrite(i, Sector(device, i)));
        }

        Assert.True(medium.Errors.IsEmpty);
        medium.Errors.Inject(layout.MapOffset, 4);
        Assert.Equal(Errno.EIO, device.TryRead(0, seen));
        Assert.Equal(Errno.EIO, device.TryWrite(0, seen));
        Assert.Equal(Errno.None, device.TryMarkLost(200));
        Assert.Equal(Errno.EIO, device.TryRead(200, seen));
        Assert.Equal(Errno.None, device.TryWrite(200, Sector(device, 3)));
        Assert.Equal(Errno.None, device.TryRead(200, seen));
        medium.Errors.Inject(layout.FlogOffset, 1);
        Assert.Equal(Errno.EIO, BttDevice.TryOpen(medium, default, out _, out string reason));
        Assert.Contains("lost", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void BiosMoveBetweenScatteredMemoryAndSectors(uint sector)
    {
        using MemoryMedia medium = new("pmem", 16 * MiB);
        using NativeRam ram = new(new(default, 4 * MiB));
        HostBytes host = new();
        host.Attach(new PhysicalRange(default, 4 * MiB), ram);
        using BttBlockDevice disk = new(Make(medium, new() { SectorBytes = sector }), host);
        Assert.False(disk.Limits.HasVolatileCache);
        Assert.Equal(sector, disk.Limits.LogicalBlockBytes);
        Random random = new(5);
        byte[] data = new byte[16 * 4096];
        random.NextBytes(data);
        host.TryWrite(new(0), data);

        // Pieces that end inside sectors.
        using RangeListBuilder pieces = RangeListBuilder.Rent();
        ulong[] cuts = [0, 100, 612, 5000, 5001, 40_000, (ulong)data.Length];
        for (int i = 1; i < cuts.Length; i++)
        {
            pieces.Append(new PhysicalRange(new(cuts[i - 1]), cuts[i] - cuts[i - 1]));
        }

        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Write, 64, pieces.Build().All)));
        RangeList back = RangeList.Of(new(new(2 * MiB), (ulong)data.Length));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Read, 64, back.All)));
        byte[] seen = new byte[data.Length];
        host.TryRead(new(2 * MiB), seen);
        Assert.Equal(data, seen);
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Flush, 0, 0)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.WriteZeroes, 64, 8)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Discard, 72, 8)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Read, 64, back.All)));
        host.TryRead(new(2 * MiB), seen);
        Assert.DoesNotContain(seen.AsSpan(0, 8192).ToArray(), static each => each != 0);
        Assert.Equal(data.AsSpan(8192).ToArray(), seen.AsSpan(8192).ToArray());
        Assert.Equal(BlockStatus.IoError, disk.Execute(new(BioOperation.Read, disk.Sectors, back.All)));
        medium.Errors.Inject(0, 16 * MiB);
        Assert.Equal(BlockStatus.Medium, disk.Execute(new(BioOperation.Read, 64, back.All)));
    }

    [Fact]
    public void ReadsAndWritesAllocateNothing()
    {
        using MemoryMedia medium = new("pmem", 16 * MiB);
        BttDevice device = Make(medium);
        byte[] sector = Sector(device, 3);
        device.TryWrite(0, sector);
        device.TryRead(0, sector);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong i = 0; i < 100; i++)
        {
            device.TryWrite(i, sector);
            device.TryRead(i, sector);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private sealed class HookedMedia(PersistentMemory inner) : PersistentMemory(inner.Name, inner.Length, inner.Granularity)
    {
        public Action<ulong>? BeforeRead { get; set; }

        public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length)
        {
            BeforeRead?.Invoke(offset);
            return inner.ReadableAt(offset, length);
        }

        public override Span<byte> WritableAt(ulong offset, ulong length) => inner.WritableAt(offset, length);
    }
}
