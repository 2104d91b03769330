// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>What can be set (<c>enum iommufd_option</c>).</summary>
public enum IommufdOption
{
    /// <summary>Of the context: 0 charges pinned memory to the user, 1 to the process.</summary>
    RlimitMode = 0,

    /// <summary>Of an I/O address space: 1 lets large leaves be used, 0 keeps every mapping aligned to and made of 4 KiB pages.</summary>
    HugePages = 1,
}
