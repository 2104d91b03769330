// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck;
using FsCheck.Fluent;
using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class OwnerTableTests
{
    [Fact]
    public void AnEmptyTableOwnsNothing()
    {
        Assert.False(OwnerTable.Empty.TryFind(default, out _));
        Assert.False(OwnerTable.Build([]).TryFind(new(ulong.MaxValue), out _));
        Assert.Equal(0, OwnerTable.Build([new(default, new(1))]).SegmentCount);
    }

    [Fact]
    public void PartialOverlapIsRefused() =>
        Assert.Throws<ArgumentException>(() => OwnerTable.Build([new(Range(0, 10), new(1)), new(Range(5, 10), new(2))]));

    [Theory]
    [InlineData(0UL, 1UL)]
    [InlineData(4095UL, 2UL)]
    [InlineData(0x1_0000_0000UL, 0x4000_0000UL)]
    [InlineData(0x3fff_f000UL, 0x2000UL)]
    [InlineData(0x0001_0000_0000_0000UL - 4096, 8192UL)]
    [InlineData(0x0001_0000_0000_0000UL + 12345, 99UL)]
    [InlineData(ulong.MaxValue - 5, 5UL)]
    public void EdgesAreExact_InsideAndBeyondTheRadix(ulong start, ulong length)
    {
        OwnerTable table = OwnerTable.Build([new(Range(start, length), new(7))]);
        Assert.True(table.TryFind(new(start), out Owner first));
        Assert.Equal(new Owner(new(7), length), first);
        Assert.True(table.TryFind(new(start + length - 1), out Owner last));
        Assert.Equal(new Owner(new(7), 1), last);
        Assert.False(table.TryFind(new(start + length), out _));
        Assert.True(start == 0 || !table.TryFind(new(start - 1), out _));
    }

    [Fact]
    public void R45_RandomNestsAgreeWithALinearScan()
    {
        // Starts and lengths are drawn at four scales so that every level of the radix, its edges and the search beyond it occur.
        Arbitrary<(int Scale, int Start, int Length)[]> ranges = Gen.Choose(0, 3)
            .SelectMany(_ => Gen.Choose(0, 300), (scale, start) => (scale, start))
            .SelectMany(_ => Gen.Choose(1, 60), (pair, length) => (pair.scale, pair.start, length))
            .ArrayOf()
            .ToArbitrary();
        Prop.ForAll(ranges, drawn =>
        {
            List<OwnedRange> owned = [];
            foreach ((int scale, int start, int length) in drawn)
            {
                ulong unit = scale switch { 0 => 1, 1 => 1000, 2 => 4096, _ => 3 * MiB };
                ulong origin = scale switch { 0 => 4000, 1 => GiB - 5000, 2 => 2 * GiB, _ => (1UL << 48) - (400 * MiB) };
                PhysicalRange range = Range(origin + ((ulong)start * unit), (ulong)length * unit);
                if (!owned.Exists(other => other.Range.Overlaps(range) && (other.Range == range || (!other.Range.Contains(range) && !range.Contains(other.Range)))))
                {
                    owned.Add(new(range, new((uint)owned.Count + 1)));
                }
            }

            OwnerTable table = OwnerTable.Build(owned);
            IEnumerable<ulong> probes = owned.SelectMany(entry => new[]
            {
                entry.Range.Start.Value - 1, entry.Range.Start.Value, entry.Range.Start.Value + (entry.Range.Length / 2), entry.Range.Last.Value, entry.Range.End.Value,
            });
            return probes.All(probe => Scan(owned, probe) == (table.TryFind(new(probe), out Owner owner) ? owner : null));
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [InlineData(1024)]
    public void R45_LookUpsAllocateNothing(int count)
    {
        OwnerTable table = OwnerTable.Build(Enumerable.Range(0, count).Select(i => new OwnedRange(Range((256 * GiB) + ((ulong)i * 16 * MiB), 12 * KiB), new((uint)i + 1))));
        ulong sum = 0;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            sum = 0;
            for (int i = 0; i < count; i++)
            {
                sum += table.TryFind(new((256 * GiB) + ((ulong)i * 16 * MiB) + 4096), out Owner owner) ? owner.RemainingBytes : 0;
            }
        }));
        Assert.Equal((ulong)count * 8 * KiB, sum);
    }

    [Fact]
    public async Task ReadersSeeAWholeTableWhileProvidersComeAndGo()
    {
        MemoryMap map = new();
        map.RegisterProvider("stays", null, 0, Range(GiB, MiB), new(0), out P2PProvider? stays);
        using CancellationTokenSource stop = new();
        Task<long> reader = Task.Run(() =>
        {
            long found = 0;
            while (!stop.IsCancellationRequested)
            {
                Assert.True(map.TryFindOwner(new(GiB + 4096), out Owner owner));
                Assert.Equal(new Owner(stays!.Index, MiB - 4096), owner);
                found++;
            }

            return found;
        });
        for (ulong i = 0; i < 300; i++)
        {
            Assert.Equal(Errno.None, map.RegisterProvider("comes", null, 1, Range((2 * GiB) + (i * 4096), 4096), new(0), out P2PProvider? comes));
            Assert.Equal(Errno.None, map.TryUnregisterProvider(comes!));
        }

        await stop.CancelAsync();
        await reader;
    }

    private static Owner? Scan(List<OwnedRange> owned, ulong address)
    {
        OwnedRange? innermost = null;
        foreach (OwnedRange entry in owned)
        {
            if (entry.Range.Contains(new PhysicalAddress(address)) && (innermost is null || entry.Range.Length < innermost.Value.Range.Length))
            {
                innermost = entry;
            }
        }

        if (innermost is not { } owner)
        {
            return null;
        }

        ulong end = owned.Where(entry => entry.Range.Start.Value > address && entry.Range.Start.Value < owner.Range.End.Value)
            .Select(entry => entry.Range.Start.Value).Append(owner.Range.End.Value).Min();
        return new(owner.Provider, end - address);
    }
}
