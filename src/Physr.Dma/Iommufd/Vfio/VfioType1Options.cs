// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Vfio;

/// <summary>How the VFIO type-1 view behaves where iommufd and VFIO's own type-1 driver differ.</summary>
public sealed record VfioType1Options
{
    /// <summary>What the type-1 driver allows one container by default (its <c>dma_entry_limit</c>): 128 GiB in 2 MiB mappings.</summary>
    public const uint DefaultEntryLimit = 65535;

    /// <summary>Most mappings at a time; beyond it mapping is <see cref="Errno.ENOSPC"/>. Null, as with iommufd, is no limit, and is told as all ones.</summary>
    public uint? EntryLimit { get; init; }
}
