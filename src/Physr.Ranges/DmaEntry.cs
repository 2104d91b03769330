// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>One entry of a <see cref="DmaRangeList"/>.</summary>
/// <param name="Range">The bytes as the device addresses them.</param>
/// <param name="IsBusAddress">Whether these are a peer's bus addresses, which no IOMMU translates and no unmap releases (rows R41c, R53a).</param>
public readonly record struct DmaEntry(DmaRange Range, bool IsBusAddress)
{
    /// <summary>Whether these are addresses on a private interconnect between two devices: they never go over PCI, and no IOMMU sees them (row R42a).</summary>
    public bool IsInterconnect { get; init; }

    /// <summary>The entry as <c>0xstart-0xend</c>, with <c>(bus)</c> for a bus address and <c>(interconnect)</c> for one of a private interconnect.</summary>
    public override string ToString() => IsBusAddress ? $"{Range} (bus)" : IsInterconnect ? $"{Range} (interconnect)" : Range.ToString();

    /// <summary>An entry as its list keeps it; the tags of an identity view are providers, which mean nothing on the bus.</summary>
    internal static DmaEntry FromTag(ulong address, ulong length, uint tag, bool isIdentity) =>
        new(DmaRange.FromTrusted(address, length), !isIdentity && tag == DmaRangeList.BusAddressTag) { IsInterconnect = !isIdentity && tag == DmaRangeList.InterconnectTag };
}
