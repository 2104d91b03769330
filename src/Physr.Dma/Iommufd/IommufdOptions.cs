// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Iommufd;

/// <summary>How a context is set up.</summary>
public sealed record IommufdOptions
{
    /// <summary>Asked before every step that may fail (row R91); null asks nobody.</summary>
    public IAllocationGate? Gate { get; init; }

    /// <summary>RAM, for accesses that reach bytes through pinned frames; without it those are <see cref="Errno.EOPNOTSUPP"/>.</summary>
    public IHostMemory? Memory { get; init; }

    /// <summary>The most pages pinned by one call to their source: 64 MiB of them unless told.</summary>
    public int BatchPages { get; init; } = 16384;

    /// <summary>How pinned memory is charged from the start; VFIO compatibility starts with <see cref="PinAccounting.Process"/>.</summary>
    public PinAccounting Accounting { get; init; } = PinAccounting.User;

    /// <summary>Whether the opener has <c>CAP_SYS_RESOURCE</c>, without which the accounting mode cannot be changed.</summary>
    public bool MayChangeAccounting { get; init; } = true;
}
