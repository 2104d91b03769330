// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Cli.Live;
using Physr.Cli.Tests.Infrastructure;
using Physr.Linux;
using Physr.Linux.Tests;
using Physr.Storage;

namespace Physr.Cli.Tests.Live;

/// <summary>A real file as persistent memory.</summary>
public sealed class MappedRegionTests : IDisposable
{
    private const ulong Length = 64 * 4096;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void PersistedBytesAreThereWhenTheFileIsMappedAgain()
    {
        byte[] bytes = new byte[10_001];
        new Random(3).NextBytes(bytes);
        using (MappedRegion region = Open(RegionAccess.Create))
        {
            Assert.Equal((Length, PersistenceGranularity.Page, false), (region.Length, region.Granularity, region.IsReadOnly));
            Assert.Equal(Errno.None, region.TryWritePersistent(4093, bytes));
            Assert.Equal(Errno.ENXIO, region.TryWrite(Length - 1, bytes));
        }

        using MappedRegion again = Open(RegionAccess.Read);
        byte[] read = new byte[bytes.Length];
        Assert.Equal(Errno.None, again.TryRead(4093, read));
        Assert.Equal(bytes, read);
        Assert.True(again.ReadableAt(4093, (ulong)bytes.Length).SequenceEqual(bytes));
        Assert.True(again.IsReadOnly);
        Assert.Equal(Errno.EROFS, again.TryWrite(0, bytes));
        Assert.Equal(Errno.None, again.TryPersist(0, Length));
    }

    [Fact]
    public void ARefusedFileIsNamed()
    {
        Assert.Equal(Errno.ENOENT, MappedRegion.TryOpen(_folder.File("region"), 0, RegionAccess.Write, out MappedRegion? region, out string reason));
        Assert.Null(region);
        Assert.Contains("there is no such file", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ManyFlushesCostOneWriteBackForEachRunOfPages()
    {
        FailingCalls calls = new();
        using MappedRegion region = Create(calls);
        for (ulong line = 0; line < 4 * 4096; line += PersistentMemory.LineBytes)
        {
            Assert.Equal(Errno.None, region.TryFlush(4096 + line, PersistentMemory.LineBytes));
        }

        Assert.Equal(Errno.None, region.TryFlush(40 * 4096, 1));
        Assert.Empty(calls.Synced);
        Assert.Equal(Errno.None, region.TryFence());
        Assert.Equal([(4 * 4096UL, Errno.None), (4096UL, Errno.None)], calls.Synced);
        Assert.Equal(Errno.None, region.TryFence());
        Assert.Equal(2, calls.Synced.Count);
    }

    [Fact]
    public void AFenceTellsWhatTheDiskFailed_AndNoLaterOneSucceeds()
    {
        FailingCalls calls = new();
        using MappedRegion region = Create(calls);
        Assert.Equal(Errno.None, region.TryWritePersistent(0, [1]));
        calls.Syncing.Enqueue(Errno.EIO);
        Assert.Equal(Errno.None, region.TryWrite(0, [2]));
        Assert.Equal(Errno.None, region.TryFlush(0, 1));
        Assert.Equal(Errno.EIO, region.TryFence());
        Assert.Equal(Errno.EIO, region.TryFence());
        Assert.Equal(Errno.EIO, region.TryWritePersistent(8192, [3]));
        Assert.Equal(2, calls.Synced.Count);
    }

    [Fact]
    public void WithoutAFenceInBetweenNothingIsAllocated()
    {
        using MappedRegion region = Open(RegionAccess.Create);
        byte[] line = new byte[PersistentMemory.LineBytes];
        long bytes = 0;
        for (int pass = 0; pass < 2; pass++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (ulong i = 0; i < 200; i++)
            {
                _ = region.TryWrite(i * 1000, line);
                _ = region.TryFlush(i * 1000, (ulong)line.Length);
                _ = i % 50 == 0 ? region.TryFence() : Errno.None;
            }

            bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        }

        Assert.Equal(0, bytes);
    }

    [Fact]
    public void PendingPagesCoverWhatWasFlushed_AndAreFewAndApart()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            Random random = new(seed);
            PendingPages pending = new(4096);
            SortedSet<ulong> expected = [];
            int flushes = random.Next(1, 60);
            for (int i = 0; i < flushes; i++)
            {
                ulong offset = (ulong)random.Next(400 * 4096);
                ulong length = (ulong)random.Next(1, random.Next(2) == 0 ? 9000 : 64);
                pending.Add(offset, length);
                for (ulong page = offset / 4096; page <= (offset + length - 1) / 4096; page++)
                {
                    expected.Add(page);
                }
            }

            (ulong Start, ulong End)[] ranges = pending.Ranges.ToArray();
            int runs = expected.Count(page => !expected.Contains(page - 1));
            Assert.True(ranges.Length == Math.Min(runs, PendingPages.Most), $"seed {seed}: {ranges.Length} ranges for {runs} runs");
            Assert.All(expected, page => Assert.True(ranges.Count(range => range.Start <= page * 4096 && page * 4096 < range.End) == 1, $"seed {seed}: page {page}"));
            Assert.All(ranges.Zip(ranges.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Start, $"seed {seed}"));
            ulong pages = ranges.Aggregate(0UL, static (sum, range) => sum + ((range.End - range.Start) / 4096));
            Assert.True(runs > PendingPages.Most || pages == (ulong)expected.Count, $"seed {seed}: {pages} pages for {expected.Count}");
        }
    }

    [Fact]
    public void StoresAscendWhereverTheyBegin()
    {
        Span<ulong> units = stackalloc ulong[8];
        for (int misalignment = 0; misalignment < 8; misalignment++)
        {
            for (int length = 0; length < 40; length++)
            {
                byte[] source = [.. Enumerable.Range(1, length).Select(static i => (byte)i)];
                units.Clear();
                Span<byte> all = MemoryMarshal.AsBytes(units);
                AscendingStores.Copy(source, units, misalignment);
                Assert.Equal(source, all.Slice(misalignment, length).ToArray());
                Assert.False(all[..misalignment].ContainsAnyExcept((byte)0) || all[(misalignment + length)..].ContainsAnyExcept((byte)0));
            }
        }
    }

    [Theory]
    [InlineData(8, 2048)]
    [InlineData(11, 5)]
    [InlineData(11, 2048)]
    public async Task AnOnlookerNeverSeesALaterUnitBeforeAnEarlierOne_NorAPartOfOne(int offset, int length)
    {
        using MappedRegion region = Open(RegionAccess.Create);
        using CancellationTokenSource done = new();
        Task<string> looking = Task.Run(() => Look(region, offset, length, done.Token));
        byte[] bytes = new byte[length];
        for (int round = 1; round <= 50_000; round++)
        {
            bytes.AsSpan().Fill((byte)(round % 100));
            Assert.Equal(Errno.None, region.TryWrite((ulong)offset, bytes));
        }

        await done.CancelAsync();
        Assert.Equal("", await looking);
    }

    /// <summary>Reads the last unit before the first: stored in ascending order, the first is never a round behind. Rounds are counted in bytes that start over at 100.</summary>
    private static string Look(MappedRegion region, int offset, int length, CancellationToken done)
    {
        int first = offset / 8;
        int last = (offset + length - 1) / 8;
        while (!done.IsCancellationRequested)
        {
            ReadOnlySpan<ulong> units = MemoryMarshal.Cast<byte, ulong>(region.ReadableAt(0, 4096));
            ulong lastUnit = Volatile.Read(in units[last]);
            ulong firstUnit = Volatile.Read(in units[first]);
            byte[] lastBytes = BitConverter.GetBytes(lastUnit)[..((offset + length - 1) % 8 + 1)];
            byte[] firstBytes = BitConverter.GetBytes(firstUnit)[(offset % 8)..];
            firstBytes = first == last ? firstBytes[..length] : firstBytes;
            lastBytes = first == last ? firstBytes : lastBytes;
            if (firstBytes.Any(value => value != firstBytes[0]) || lastBytes.Any(value => value != lastBytes[0]))
            {
                return $"a unit is torn: {firstUnit:x16}, {lastUnit:x16}";
            }

            // The onlooker may be interrupted in between for many rounds, which says nothing: ahead by less than half the circle is ahead.
            int ahead = (firstBytes[0] - lastBytes[0] + 100) % 100;
            if (ahead > 90)
            {
                return $"the last unit is of round {lastBytes[0]}, the first still of {firstBytes[0]}";
            }
        }

        return "";
    }

    private MappedRegion Open(RegionAccess access)
    {
        Errno errno = MappedRegion.TryOpen(_folder.File("region"), access == RegionAccess.Create ? Length : 0, access, out MappedRegion? region, out string reason);
        Assert.True(errno == Errno.None, reason);
        return region!;
    }

    private MappedRegion Create(FailingCalls calls)
    {
        Errno errno = FileMapping.TryCreate(_folder.File("region"), Length, calls, out FileMapping? mapping, out string reason);
        Assert.True(errno == Errno.None, reason);
        return new(mapping!);
    }
}
