// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Checking;

/// <summary>How a device's accesses travel, and so what still lets them through after an unmap.</summary>
public enum DevicePath
{
    /// <summary>By bus addresses, past every IOMMU: a transfer in flight reaches the bytes until it is over, mapped or not.</summary>
    Direct = 0,

    /// <summary>Through an IOMMU that forgets an address before its unmap returns.</summary>
    StrictIommu,

    /// <summary>Through an IOMMU that forgets addresses when it is flushed.</summary>
    LazyIommu,
}
