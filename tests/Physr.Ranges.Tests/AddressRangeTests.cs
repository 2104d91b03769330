// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck.Fluent;
using Physr.Ranges.Tests.Infrastructure;

namespace Physr.Ranges.Tests;

/// <summary>Addresses and ranges at the edges of the 64-bit space, and against 128-bit arithmetic everywhere else.</summary>
public class AddressRangeTests
{
    private const ulong Top = ulong.MaxValue;

    private static readonly FsCheck.Arbitrary<(ulong First, ulong Second, ulong Third, ulong Fourth)> AnyFour =
        (from first in AnyNumber()
         from second in AnyNumber()
         from third in AnyNumber()
         from fourth in AnyNumber()
         select (first, second, third, fourth)).ToArbitrary();

    [Fact]
    public void ARangeThatLeavesTheSpace_IsRefused_AndOneThatEndsAtItsTopIsNot()
    {
        Assert.Equal(new PhysicalAddress(Top), new PhysicalRange(new(1), Top - 1).End);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PhysicalRange(new(1), Top));
        Assert.False(PhysicalRange.TryCreate(new(Top), 1, out PhysicalRange range));
        Assert.True(range.IsEmpty);
        Assert.True(PhysicalRange.TryCreate(new(Top), 0, out range));
        Assert.Equal(new PhysicalAddress(Top), range.End);
        Assert.Throws<ArgumentOutOfRangeException>(() => PhysicalRange.FromBounds(new(2), new(1)));
        Assert.Throws<InvalidOperationException>(() => range.Last);
        Assert.Equal(new PhysicalAddress(Top - 1), PhysicalRange.FromBounds(new(0), new(Top)).Last);
    }

    [Fact]
    public void ArithmeticThatLeavesTheSpace_Throws_OrSaysSo()
    {
        PhysicalAddress last = new(Top);
        Assert.Throws<OverflowException>(() => last.Add(1));
        Assert.False(last.TryAdd(1, out _));
        Assert.True(last.TryAdd(0, out PhysicalAddress same));
        Assert.Equal(last, same);
        Assert.Throws<OverflowException>(() => new PhysicalAddress(1).OffsetFrom(new(2)));
        Assert.Throws<OverflowException>(() => new PhysicalAddress(Top).AlignUp(0x1000));
        Assert.Equal(new PhysicalAddress(Top & ~0xfffUL), last.AlignDown(0x1000));
        Assert.Throws<ArgumentOutOfRangeException>(() => last.AlignDown(0x1001));
        Assert.Throws<ArgumentOutOfRangeException>(() => last.AlignDown(0));
        Assert.Throws<OverflowException>(() => new PageFrameNumber(1UL << 52).Address);
        Assert.Equal(new PageFrameNumber((1UL << 52) - 1), new PhysicalAddress(Top).Frame);
    }

    [Fact]
    public void ContainsOverlapsAndIntersect_AgreeWithArithmeticThatCannotOverflow() =>
        Law.Holds(AnyFour, four =>
        {
            PhysicalRange range = Between(four.First, four.Second);
            PhysicalRange other = Between(four.Third, four.Fourth);
            (UInt128 start, UInt128 end) = (range.Start.Value, (UInt128)range.Start.Value + range.Length);
            (UInt128 otherStart, UInt128 otherEnd) = (other.Start.Value, (UInt128)other.Start.Value + other.Length);
            UInt128 from = UInt128.Max(start, otherStart);
            UInt128 to = UInt128.Min(end, otherEnd);
            Assert.Equal(start <= four.Third && four.Third < end, range.Contains(new PhysicalAddress(four.Third)));
            Assert.Equal(from < to, range.Overlaps(other));
            Assert.Equal(from < to ? new PhysicalRange(new((ulong)from), (ulong)(to - from)) : default, range.Intersect(other));
            Assert.Equal(start <= otherStart && otherEnd <= end, range.Contains(other));
        });

    [Fact]
    public void Slice_GivesThePart_AndRefusesWhatLeavesTheRange() =>
        Law.Holds(AnyFour, four =>
        {
            PhysicalRange range = Between(four.First, four.Second);
            if ((UInt128)four.Third + four.Fourth <= range.Length)
            {
                Assert.Equal(new PhysicalRange(new(range.Start.Value + four.Third), four.Fourth), range.Slice(four.Third, four.Fourth));
            }
            else
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => range.Slice(four.Third, four.Fourth));
            }
        });

    [Fact]
    public void AddressesAreWrittenAsTheKernelWritesThem()
    {
        Assert.Equal("0x1f000", new PhysicalAddress(0x1f000).ToString());
        Assert.Equal("0x1000-0x3000", new PhysicalRange(new(0x1000), 0x2000).ToString());
        Assert.Equal("pfn 0x1f", new PhysicalAddress(0x1f123).Frame.ToString());
    }

    private static PhysicalRange Between(ulong one, ulong two) => PhysicalRange.FromBounds(new(Math.Min(one, two)), new(Math.Max(one, two)));

    /// <summary>Small numbers, numbers near the top, and everything between.</summary>
    private static FsCheck.Gen<ulong> AnyNumber() =>
        from place in Gen.Elements(0UL, 0UL, 1UL << 32, 1UL << 63, Top - 40)
        from offset in Gen.Choose(0, 40)
        select place + (ulong)offset;
}
