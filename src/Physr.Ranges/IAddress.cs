// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>What every typed address offers, so that ranges and maps can be written once and specialised by the JIT for each address space.</summary>
/// <typeparam name="TSelf">The address type itself.</typeparam>
public interface IAddress<TSelf> : IEquatable<TSelf>, IComparable<TSelf>
    where TSelf : struct, IAddress<TSelf>
{
    /// <summary>The raw 64-bit value, in bytes.</summary>
    ulong Value { get; }

    /// <summary>Makes an address of a raw value; the one door through which raw numbers enter an address space.</summary>
    static abstract TSelf FromValue(ulong value);

    /// <summary>This address plus <paramref name="bytes"/>.</summary>
    /// <exception cref="OverflowException">The sum does not fit in 64 bits.</exception>
    TSelf Add(ulong bytes);

    /// <summary>Adds without throwing; false (and a wrapped sum) when the sum does not fit in 64 bits.</summary>
    bool TryAdd(ulong bytes, out TSelf sum);

    /// <summary>The distance in bytes from <paramref name="origin"/> up to this address.</summary>
    /// <exception cref="OverflowException">This address lies below <paramref name="origin"/>.</exception>
    ulong OffsetFrom(TSelf origin);

    /// <summary>Rounds down to a multiple of <paramref name="alignment"/>, a power of two in bytes.</summary>
    TSelf AlignDown(ulong alignment);

    /// <summary>Rounds up to a multiple of <paramref name="alignment"/>, a power of two in bytes.</summary>
    /// <exception cref="OverflowException">The rounded value does not fit in 64 bits.</exception>
    TSelf AlignUp(ulong alignment);

    /// <summary>Whether the address is a multiple of <paramref name="alignment"/>, a power of two in bytes.</summary>
    bool IsAligned(ulong alignment);
}
