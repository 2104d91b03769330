// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Ranges;

/// <summary>Power-of-two rounding of byte counts and raw addresses.</summary>
public static class Alignment
{
    /// <summary>Rounds <paramref name="value"/> down to a multiple of <paramref name="alignment"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="alignment"/> is not a power of two.</exception>
    public static ulong Down(ulong value, ulong alignment)
    {
        Check(alignment);
        return value & ~(alignment - 1);
    }

    /// <summary>Rounds <paramref name="value"/> up to a multiple of <paramref name="alignment"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="alignment"/> is not a power of two.</exception>
    /// <exception cref="OverflowException">The rounded value does not fit in 64 bits.</exception>
    public static ulong Up(ulong value, ulong alignment)
    {
        Check(alignment);
        return checked(value + (alignment - 1)) & ~(alignment - 1);
    }

    /// <summary>Whether <paramref name="value"/> is a multiple of <paramref name="alignment"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="alignment"/> is not a power of two.</exception>
    public static bool IsAligned(ulong value, ulong alignment)
    {
        Check(alignment);
        return (value & (alignment - 1)) == 0;
    }

    private static void Check(ulong alignment)
    {
        if (!BitOperations.IsPow2(alignment))
        {
            throw new ArgumentOutOfRangeException(nameof(alignment), alignment, "An alignment is a power of two, at least 1.");
        }
    }
}
