// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Reads or sets a setting. Laid out as <c>struct iommu_option</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuOption
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary><see cref="IommufdOption"/>.</summary>
    public uint OptionId { get; set; }

    /// <summary><see cref="IommufdOptionOp"/>.</summary>
    public ushort Op { get; set; }

    /// <summary>Must be zero.</summary>
    public ushort Reserved { get; set; }

    /// <summary>Of which object; 0 for the context.</summary>
    public uint ObjectId { get; set; }

    /// <summary>The value.</summary>
    public ulong Val64 { get; set; }
}
