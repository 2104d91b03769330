// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>A range and its value, as enumerations of a <see cref="RangeMap{TAddress, T}"/> give them.</summary>
/// <param name="Range">The range, whole.</param>
/// <param name="Value">The value it was added with.</param>
/// <typeparam name="TAddress">The address space.</typeparam>
/// <typeparam name="T">The type of the value.</typeparam>
public readonly record struct RangeMapEntry<TAddress, T>(AddressRange<TAddress> Range, T Value)
    where TAddress : struct, IAddress<TAddress>;
