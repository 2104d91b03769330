// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>When the IOTLB forgets what was unmapped (the kernel's <c>iommu.strict</c>).</summary>
public enum IommuFlushMode
{
    /// <summary>Before unmap returns: no device reaches the bytes any more.</summary>
    Strict,

    /// <summary>Later, many at once: until then a device that kept the address may still reach the bytes, whoever owns them by now.</summary>
    Lazy,
}
