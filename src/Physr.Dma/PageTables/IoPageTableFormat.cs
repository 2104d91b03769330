// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>How an IOMMU's page table is laid out (row R79).</summary>
public enum IoPageTableFormat
{
    /// <summary>AMD I/O virtualization specification, v1 host tables: 4 KiB to 1 GiB and every power of two between, up to six levels.</summary>
    AmdV1,

    /// <summary>Intel VT-d, second-stage tables.</summary>
    VtdSecondStage,

    /// <summary>x86-64 long-mode tables, as AMD v2 and VT-d first-stage use them.</summary>
    X86_64,
}
