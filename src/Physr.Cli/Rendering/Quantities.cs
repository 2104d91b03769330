// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Rendering;

/// <summary>Amounts as people read them; JSON has the exact ones.</summary>
public static class Quantities
{
    private static readonly string[] SizeUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Bytes with a binary unit: <c>16 MiB</c>, <c>1.5 KiB</c>, <c>0</c>.</summary>
    public static string Bytes(ulong bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < SizeUnits.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return bytes == 0 ? "0" : $"{Short(value)} {SizeUnits[unit]}";
    }

    /// <summary>A capacity with two decimals at most. From a GiB on the unit grows only where the number stays whole or has five digits, as capacities are compared in GiB: <c>1476.56 GiB</c>,
    /// <c>1 TiB</c>.</summary>
    public static string Capacity(ulong bytes)
    {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < SizeUnits.Length - 1 && (unit < 3 || value % 1024 == 0 || value >= 10_240))
        {
            value /= 1024;
            unit++;
        }

        return bytes == 0 ? "0" : $"{value:0.##} {SizeUnits[unit]}";
    }

    /// <summary>Seconds with a unit: <c>4.12 ms</c>.</summary>
    public static string Time(double seconds) => seconds switch
    {
        <= 0 or double.NaN => "-",
        < 1e-6 => $"{Short(seconds * 1e9)} ns",
        < 1e-3 => $"{Short(seconds * 1e6)} us",
        < 1 => $"{Short(seconds * 1e3)} ms",
        _ => $"{Short(seconds)} s",
    };

    /// <summary>Bytes over seconds with a decimal unit, as data sheets have: <c>3.91 GB/s</c>.</summary>
    public static string Rate(ulong bytes, double seconds)
    {
        double rate = bytes / seconds;
        return rate switch
        {
            <= 0 or double.NaN or double.PositiveInfinity => "-",
            < 1e6 => $"{Short(rate / 1e3)} kB/s",
            < 1e9 => $"{Short(rate / 1e6)} MB/s",
            _ => $"{Short(rate / 1e9)} GB/s",
        };
    }

    /// <summary>A count with a decimal multiple: <c>1.2 M</c>, <c>650</c>.</summary>
    public static string Count(double count) => count switch
    {
        <= 0 or double.NaN or double.PositiveInfinity => "-",
        < 1e3 => Short(count),
        < 1e6 => $"{Short(count / 1e3)} k",
        < 1e9 => $"{Short(count / 1e6)} M",
        _ => $"{Short(count / 1e9)} G",
    };

    // Three digits that count, no needless zeros.
    private static string Short(double value) => value switch
    {
        >= 100 => value.ToString("0"),
        >= 10 => value.ToString("0.#"),
        _ => value.ToString("0.##"),
    };
}
