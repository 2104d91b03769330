// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>How a guest's first stage works on Intel VT-d (<c>enum iommu_hwpt_vtd_s1_flags</c>).</summary>
[Flags]
public enum VtdStage1Flags : ulong
{
    /// <summary>As usual.</summary>
    None = 0,

    /// <summary>Privileged requests are allowed (SRE).</summary>
    SupervisorRequests = 1 << 0,

    /// <summary>The extended accessed bit is set in entries that are used (EAFE).</summary>
    ExtendedAccessed = 1 << 1,

    /// <summary>Read-only entries bind privileged requests too (WPE).</summary>
    WriteProtect = 1 << 2,
}
