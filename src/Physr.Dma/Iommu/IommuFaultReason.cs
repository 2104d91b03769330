// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>Why an IOMMU refused an access (Intel VT-d specification, table of fault conditions; AMD IOMMU specification, event log).</summary>
public enum IommuFaultReason
{
    /// <summary>It did not.</summary>
    None,

    /// <summary>Nothing is attached for this requester.</summary>
    NotAttached,

    /// <summary>Nothing is attached for this requester's PASID.</summary>
    PasidNotAttached,

    /// <summary>The requester is blocked.</summary>
    Blocked,

    /// <summary>The address lies beyond what the domain's table can translate.</summary>
    BeyondAperture,

    /// <summary>Nothing is mapped there: never, or not any more.</summary>
    NotMapped,

    /// <summary>What is mapped there may not be read.</summary>
    ReadDenied,

    /// <summary>What is mapped there may not be written.</summary>
    WriteDenied,
}
