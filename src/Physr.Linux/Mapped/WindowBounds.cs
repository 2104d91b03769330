// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;

namespace Physr.Linux.Mapped;

/// <summary>Whether bytes lie within; the exceptions are made out of line, so that the checks stay small.</summary>
internal static class WindowBounds
{
    /// <summary>The longest piece that windows are cut into unless somebody asks for another: 1 GiB.</summary>
    public const int Piece = 1 << 30;

    /// <summary>Checks one byte.</summary>
    public static void CheckIndex(nuint index, nuint within)
    {
        if (index >= within)
        {
            ThrowIndex(index, within);
        }
    }

    /// <summary>Checks some bytes.</summary>
    public static void Check(nuint offset, nuint length, nuint within)
    {
        if (offset > within || length > within - offset)
        {
            Throw(offset, length, within);
        }
    }

    /// <summary>Checks some bytes whose number a caller may have got wrong altogether.</summary>
    public static void Check(nuint offset, int length, nuint within)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Check(offset, (nuint)length, within);
    }

    [DoesNotReturn]
    private static void ThrowIndex(nuint index, nuint within) => throw new ArgumentOutOfRangeException(nameof(index), $"byte {index} is asked for, and there are {within}");

    [DoesNotReturn]
    private static void Throw(nuint offset, nuint length, nuint within) =>
        throw new ArgumentOutOfRangeException(offset > within ? nameof(offset) : nameof(length), $"{length} bytes from offset {offset} are asked for, and there are {within}");
}
