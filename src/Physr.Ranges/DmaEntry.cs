// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>One entry of a <see cref="DmaRangeList"/>.</summary>
/// <param name="Range">The bytes as the device addresses them.</param>
/// <param name="IsBusAddress">Whether these are a peer's bus addresses, which no IOMMU translates and no unmap releases (rows R41c, R53a).</param>
public readonly record struct DmaEntry(DmaRange Range, bool IsBusAddress)
{
    /// <summary>The entry as <c>0xstart-0xend</c>, with <c>(bus)</c> for a bus address.</summary>
    public override string ToString() => IsBusAddress ? $"{Range} (bus)" : Range.ToString();
}
