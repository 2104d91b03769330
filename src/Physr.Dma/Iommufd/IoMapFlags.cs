// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>How to map into an I/O address space; the values are <c>enum iommufd_ioas_map_flags</c>'s.</summary>
[Flags]
public enum IoMapFlags
{
    /// <summary>Nothing; refused, since nobody could access the mapping.</summary>
    None = 0,

    /// <summary>At the address given rather than at a free one.</summary>
    FixedIova = 1 << 0,

    /// <summary>Devices may write.</summary>
    Writeable = 1 << 1,

    /// <summary>Devices may read.</summary>
    Readable = 1 << 2,
}
