// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Rendering;

namespace Physr.Cli.Tests;

public class QuantitiesTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(1, "1 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(48UL << 20, "48 MiB")]
    [InlineData(ulong.MaxValue, "16 EiB")]
    public void Bytes_HaveBinaryUnits(ulong bytes, string expected) => Assert.Equal(expected, Quantities.Bytes(bytes));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(1UL << 30, "1 GiB")]
    [InlineData(1UL << 40, "1 TiB")]
    [InlineData(1585444814848, "1476.56 GiB")]
    [InlineData(1536UL << 30, "1536 GiB")]
    [InlineData(80_000UL << 30, "78.13 TiB")]
    [InlineData(1280UL << 20, "1.25 GiB")]
    public void Capacities_AreComparedInGiB(ulong bytes, string expected) => Assert.Equal(expected, Quantities.Capacity(bytes));

    [Theory]
    [InlineData(0, "-")]
    [InlineData(90e-9, "90 ns")]
    [InlineData(60e-6, "60 us")]
    [InlineData(0.0123456, "12.3 ms")]
    [InlineData(2, "2 s")]
    public void Times_HaveTheirUnit(double seconds, string expected) => Assert.Equal(expected, Quantities.Time(seconds));

    [Theory]
    [InlineData(0, 1, "-")]
    [InlineData(1, 0, "-")]
    [InlineData(7_000_000_000, 2, "3.5 GB/s")]
    [InlineData(5_000, 1, "5 kB/s")]
    public void Rates_HaveDecimalUnits(ulong bytes, double seconds, string expected) => Assert.Equal(expected, Quantities.Rate(bytes, seconds));
}
