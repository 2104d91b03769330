// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Storage.Pmem;

/// <summary>Sizes in messages: with the largest unit that writes them exactly.</summary>
internal static class Sizes
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary><c>1536KiB</c>, <c>2MiB</c>, <c>4097B</c>.</summary>
    public static string Of(ulong bytes)
    {
        int unit = bytes == 0 ? 0 : Math.Min(BitOperations.TrailingZeroCount(bytes) / 10, s_units.Length - 1);
        return $"{bytes >> (unit * 10)}{s_units[unit]}";
    }
}
