// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges.Tests;

public class RangeMapTests
{
    private static readonly PhysicalAddress Top = new(ulong.MaxValue);

    /// <summary>Start, length and the start of the range in the way.</summary>
    private static readonly (ulong, ulong, ulong)[] PartialOverlaps =
        [(0, 0x1001, 0x1000), (0x2fff, 2, 0x2000), (0x1800, 0x1000, 0x2000), (0x2000, 0x1000, 0x2000), (0x1000, 0x2000, 0x1000)];

    [Fact]
    public void ALookUp_GivesTheWholeRange_SoTheRemainingLengthFollows()
    {
        RangeMap<PhysicalAddress, string> map = new();
        map.Add(new(new(0x1000), 0x3000), "bar");
        Assert.True(map.TryFind(new(0x1800), out string? value, out PhysicalRange range));
        Assert.Equal("bar", value);
        Assert.Equal(0x2800UL, range.End.OffsetFrom(new(0x1800)));
        Assert.False(map.TryFind(new(0x4000), out value, out range));
        Assert.Null(value);
        Assert.True(range.IsEmpty);
    }

    [Fact]
    public void AnOverlap_IsRefusedWithEexist_AndTheRangeInTheWayNamed()
    {
        RangeMap<PhysicalAddress, int> map = new();
        PhysicalRange first = new(new(0x1000), 0x1000);
        map.Add(first, 1);
        Assert.False(map.TryAdd(new(new(0x1fff), 1), 2, out Errno errno, out PhysicalRange conflict));
        Assert.Equal(Errno.EEXIST, errno);
        Assert.Equal(first, conflict);
        PhysrException exception = Assert.Throws<PhysrException>(() => map.Add(new(new(0), 0x1001), 2));
        Assert.Equal(Errno.EEXIST, exception.Errno);
        Assert.Contains("0x1000-0x2000", exception.Message, StringComparison.Ordinal);
        Assert.True(map.TryAdd(new(new(0x2000), 1), 2));
        Assert.True(map.TryAdd(new(new(0xfff), 1), 2));
    }

    [Fact]
    public void AnOverlapBeyondTheLeafThatWouldHoldTheRange_IsFoundAllTheSame()
    {
        RangeMap<PhysicalAddress, int> map = new();
        for (ulong i = 0; i < 1_000; i++)
        {
            map.Add(new(new(i * 0x100), 0x10), (int)i);
        }

        for (ulong i = 0; i < 999; i++)
        {
            Assert.False(map.TryAdd(new(new((i * 0x100) + 0x10), 0xf1), 0, out _, out PhysicalRange conflict));
            Assert.Equal(new((i + 1) * 0x100), conflict.Start);
            Assert.True(map.TryAdd(new(new((i * 0x100) + 0x10), 0xf0), -1));
        }

        Assert.Equal(1_999, map.Count);
        foreach (PhysicalRange gap in map.Gaps(new(new(0), 999 * 0x100)))
        {
            Assert.Fail($"{gap} is no gap.");
        }
    }

    [Fact]
    public void AMapThatWasEmptied_HoldsNoAddress()
    {
        // A small value, one too large to be copied by words, and a reference: the three ways of an update.
        EmptyAndLook(1);
        EmptyAndLook((1L, 2L, 3L));
        EmptyAndLook("value");
    }

    private static void EmptyAndLook<T>(T value)
    {
        RangeMap<PhysicalAddress, T> map = new();
        for (int round = 0; round < 3; round++)
        {
            map.Add(new(new(0), 0x1000), value);
            map.Add(new(new(0x1000), 0x1000), value);
            Assert.True(map.TryRemove(new(new(0), 0x1000), out _));
            Assert.True(map.TryRemove(new(new(0x1000), 0x1000), out _));
            foreach (ulong address in new ulong[] { 0, 1, 0xfff, 0x1000, 0x1fff, 0x2000, ulong.MaxValue - 1 })
            {
                Assert.False(map.TryFind(new(address), out _, out _));
                Assert.False(map.TryFindNext(new(address), out _, out _));
            }
        }
    }

    [Fact]
    public void AnEmptyRange_IsRefusedWithEinval()
    {
        RangeMap<PhysicalAddress, int> map = new();
        Assert.False(map.TryAdd(new(new(0x1000), 0), 1, out Errno errno, out _));
        Assert.Equal(Errno.EINVAL, errno);
        Assert.False(map.TryRemove(new(new(0x1000), 0), out _));
        Assert.Throws<PhysrException>(() => map.Add(default, 1));
    }

    [Theory]
    [InlineData(RangeOverlap.Refuse)]
    [InlineData(RangeOverlap.Nest)]
    public void TheTopOfTheSpace_BelongsToNoRange_AndTheByteBelowItCan(RangeOverlap overlap)
    {
        RangeMap<PhysicalAddress, int> map = new(overlap);
        map.Add(new(new(ulong.MaxValue - 1), 1), 1);
        map.Add(new(new(0), 1), 2);
        Assert.True(map.TryFind(new(ulong.MaxValue - 1), out int value, out PhysicalRange range));
        Assert.Equal(1, value);
        Assert.Equal(Top, range.End);
        Assert.False(map.TryFind(Top, out _, out _));
        Assert.False(map.TryFindNext(Top, out _, out _));
        Assert.True(map.TryFindNext(new(1), out value, out _));
        Assert.Equal(1, value);
        Assert.True(map.TryRemove(new(new(0), 1), out _));
        Assert.True(map.TryRemove(new(new(ulong.MaxValue - 1), 1), out _));
        Assert.True(map.TryAdd(new(new(0), ulong.MaxValue), 3));
        Assert.True(map.TryFind(new(0x8000_0000_0000_0000), out _, out range));
        Assert.Equal(ulong.MaxValue, range.Length);
    }

    [Fact]
    public void ANestedLookUp_GivesTheInnermost_AndRemovalGivesTheBytesBackToTheParent()
    {
        RangeMap<PhysicalAddress, string> map = new(RangeOverlap.Nest);
        map.Add(new(new(0x1000), 0x1000), "function");
        map.Add(new(new(0), 0x10000), "bridge");
        map.Add(new(new(0x1800), 0x100), "table");
        Assert.Equal("table", Find(map, 0x1800));
        Assert.Equal("function", Find(map, 0x1900));
        Assert.Equal("bridge", Find(map, 0x2000));
        Assert.True(map.TryFind(new(0x2000), out _, out PhysicalRange range));
        Assert.Equal(new PhysicalRange(new(0), 0x10000), range);
        Assert.True(map.TryRemove(new(new(0x1000), 0x1000), out _));
        Assert.Equal("table", Find(map, 0x1800));
        Assert.Equal("bridge", Find(map, 0x1900));
        Assert.True(map.TryRemove(new(new(0), 0x10000), out _));
        Assert.Equal("table", Find(map, 0x1800));
        Assert.Null(Find(map, 0x1900));
    }

    [Fact]
    public void Nesting_RefusesWhatOverlapsOnlyInPart_AndWhatIsThereAlready()
    {
        RangeMap<PhysicalAddress, int> map = new(RangeOverlap.Nest);
        map.Add(new(new(0x1000), 0x2000), 1);
        map.Add(new(new(0x2000), 0x1000), 2);
        foreach ((ulong start, ulong length, ulong inTheWay) in PartialOverlaps)
        {
            Assert.False(map.TryAdd(new(new(start), length), 3, out Errno errno, out PhysicalRange conflict));
            Assert.Equal(Errno.EEXIST, errno);
            Assert.Equal(new(inTheWay), conflict.Start);
        }
    }

    [Fact]
    public void LookUpsEnumerationsAndOrdinaryUpdates_AllocateNothing()
    {
        RangeMap<PhysicalAddress, int> flat = new();
        RangeMap<PhysicalAddress, object> objects = new();
        RangeMap<PhysicalAddress, int> nested = new(RangeOverlap.Nest);
        RangeMap<PhysicalAddress, int> small = new();
        object value = new();
        for (ulong i = 0; i < 400; i++)
        {
            flat.Add(new(new(i * 0x2000), 0x1000), (int)i);
            objects.Add(new(new(i * 0x2000), 0x1000), value);
            nested.Add(new(new(i * 0x2000), 0x1000), (int)i);
        }

        nested.Add(new(new(0), 400 * 0x2000), -1);
        long allocated = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            ulong sum = 0;
            for (ulong i = 0; i < 400; i++)
            {
                flat.TryFind(new(i * 0x1000), out _, out PhysicalRange range);
                objects.TryFind(new(i * 0x1000), out _, out _);
                nested.TryFind(new(i * 0x1000), out _, out _);
                nested.TryFindNext(new(i * 0x1000), out _, out _);
                sum += range.Length;
                PhysicalRange same = new(new(i * 0x2000), 0x1000);
                flat.TryRemove(same, out _);
                flat.TryAdd(same, 1);
                objects.TryRemove(same, out _);
                objects.TryAdd(same, value);
                small.TryAdd(same, 1);
                small.TryRemove(same, out _);
            }

            foreach (RangeMapEntry<PhysicalAddress, int> entry in nested.Ranges())
            {
                sum += entry.Range.Length;
            }

            foreach (PhysicalRange gap in flat.Gaps(new(new(0), 400 * 0x2000)))
            {
                sum += gap.Length;
            }

            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.NotEqual(0UL, sum);
        }

        Assert.Equal(0, allocated);
    }

    [Fact]
    public void AValueThatWasRemoved_IsNotKeptAlive()
    {
        RangeMap<PhysicalAddress, object> map = new();
        WeakReference removed = AddAndRemove(map);
        GC.Collect();
        Assert.False(removed.IsAlive);
        GC.KeepAlive(map);
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference AddAndRemove(RangeMap<PhysicalAddress, object> map)
    {
        object value = new();
        map.Add(new(new(0x1000), 0x1000), new object());
        map.Add(new(new(0x3000), 0x1000), value);
        map.TryRemove(new(new(0x3000), 0x1000), out _);
        return new(value);
    }

    private static string? Find(RangeMap<PhysicalAddress, string> map, ulong address) => map.TryFind(new(address), out string? value, out _) ? value : null;
}
