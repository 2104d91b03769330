// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Dma.Iommu;

/// <summary>Who sends a request, as the IOMMU sees it: PCI segment, bus, device and function (PCIe Base Specification, section 2.2.6.2).</summary>
/// <param name="Value">Segment in the upper, bus, device and function in the lower 16 bits; a plain 16-bit requester id is one of segment 0.</param>
public readonly record struct RequesterId(uint Value)
{
    /// <summary>Makes one of its parts.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A device above 31 or a function above 7.</exception>
    public RequesterId(ushort segment, byte bus, int device, int function)
        : this(((uint)segment << 16) | ((uint)bus << 8) | Pack(device, function))
    {
    }

    /// <summary>The PCI segment.</summary>
    public ushort Segment => (ushort)(Value >> 16);

    /// <summary>The bus.</summary>
    public byte Bus => (byte)(Value >> 8);

    /// <summary>The device, 0 to 31.</summary>
    public int Device => (int)(Value >> 3) & 0x1f;

    /// <summary>The function, 0 to 7.</summary>
    public int Function => (int)Value & 7;

    /// <summary>As <c>lspci</c> writes it: <c>0000:01:00.0</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Segment:x4}:{Bus:x2}:{Device:x2}.{Function}");

    private static uint Pack(int device, int function)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(device);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(device, 31);
        ArgumentOutOfRangeException.ThrowIfNegative(function);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(function, 7);
        return (uint)((device << 3) | function);
    }
}
