// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Makes a hardware page table. Laid out as <c>struct iommu_hwpt_alloc</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommuHwptAlloc
{
    /// <summary>How many bytes of this the caller filled in.</summary>
    public uint Size { get; set; }

    /// <summary><see cref="Physr.Dma.Iommu.IommuDomainFlags"/>.</summary>
    public uint Flags { get; set; }

    /// <summary>For which device.</summary>
    public uint DevId { get; set; }

    /// <summary>On what: an I/O address space, a nesting parent or a virtual IOMMU.</summary>
    public uint PtId { get; set; }

    /// <summary>Its id.</summary>
    public uint OutHwptId { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved { get; set; }

    /// <summary>What the data describe; 0 for none.</summary>
    public uint DataType { get; set; }

    /// <summary>Bytes of them.</summary>
    public uint DataLength { get; set; }

    /// <summary>Points at them.</summary>
    public ulong DataAddress { get; set; }

    /// <summary>The fault queue, with <see cref="Physr.Dma.Iommu.IommuDomainFlags.ReportFaults"/>.</summary>
    public uint FaultId { get; set; }

    /// <summary>Must be zero.</summary>
    public uint Reserved2 { get; set; }
}
