// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck;
using FsCheck.Fluent;
using Physr.Machine.Scenarios;

namespace Physr.Machine.Tests.Scenarios;

public class QuantityTextTests
{
    [Fact]
    public void ASize_FormattedAndRead_IsItself() =>
        Prop.ForAll(ArbMap.Default.ArbFor<ulong>(), ArbMap.Default.ArbFor<byte>(), static (value, shift) =>
        {
            ulong bytes = value << (shift % 64);
            return SizeText.TryParse(SizeText.Format(bytes), out ulong read, out string? problem) && read == bytes && problem is null;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("0", 0UL)]
    [InlineData("4096", 4096UL)]
    [InlineData("4096B", 4096UL)]
    [InlineData("64MiB", 64UL << 20)]
    [InlineData("64 MiB", 64UL << 20)]
    [InlineData("1.5GiB", 3UL << 29)]
    [InlineData("0.5KiB", 512UL)]
    [InlineData("16777215TiB", 16777215UL << 40)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    public void Sizes_AreBinary(string text, ulong expected)
    {
        Assert.True(SizeText.TryParse(text, out ulong bytes, out string? problem), problem);
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("38GB/s", 38_000_000_000UL)]
    [InlineData("100Gb/s", 12_500_000_000UL)]
    [InlineData("3.5GB/s", 3_500_000_000UL)]
    [InlineData("25.78125Gb/s", 3_222_656_250UL)]
    [InlineData("1MiB/s", 1UL << 20)]
    [InlineData("8b/s", 0UL)]
    public void Rates_AreDecimal_InBytesOrBits(string text, ulong expected)
    {
        bool read = RateText.TryParse(text, out ulong rate, out _);

        Assert.Equal(expected != 0, read);
        Assert.Equal(expected, rate);
    }

    [Theory]
    [InlineData("90ns", 90UL)]
    [InlineData("2us", 2_000UL)]
    [InlineData("2\u00b5s", 2_000UL)]
    [InlineData("1.5us", 1_500UL)]
    [InlineData("1ms", 1_000_000UL)]
    [InlineData("1s", 1_000_000_000UL)]
    public void Times_AreNanoseconds(string text, ulong expected)
    {
        Assert.True(TimeText.TryParse(text, out ulong nanoseconds, out string? problem), problem);
        Assert.Equal(expected, nanoseconds);
    }

    [Fact]
    public void NoText_MakesAQuantityThrow_OrFailWithoutAReason() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>().Filter(static text => text is not null), static text =>
        {
            (bool, string?)[] results =
            [
                (SizeText.TryParse(text, out _, out string? size), size),
                (RateText.TryParse(text, out _, out string? rate), rate),
                (TimeText.TryParse(text, out _, out string? time), time),
                (SizeText.TryParse("1" + text, out _, out string? one), one),
            ];
            return results.All(static result => result.Item1 == (result.Item2 is null));
        }).QuickCheckThrowOnFailure();
}
