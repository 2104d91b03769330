// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Reads which pages devices wrote. Laid out as <c>struct iommu_hwpt_get_dirty_bitmap</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptGetDirtyBitmap
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary>Of which hardware page table.</summary>
    public uint HwptId { get; set; }

    /// <summary>1 leaves the dirty bits as they are.</summary>
    public uint Flags { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>The first address.</summary>
    public ulong Iova { get; set; }

    /// <summary>Bytes.</summary>
    public ulong Length { get; set; }

    /// <summary>What one bit stands for, in bytes.</summary>
    public ulong PageSize { get; set; }

    /// <summary>Points at the bitmap, to which bits are added.</summary>
    public ulong Data { get; set; }
}
