// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma;

/// <summary>What a caller says of a mapping beyond its direction (the kernel's <c>DMA_ATTR_*</c>, section 1.6).</summary>
[Flags]
public enum DmaAttributes
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The device may see writes in any order (<c>DMA_ATTR_WEAK_ORDERING</c>).</summary>
    WeakOrdering = 1 << 1,

    /// <summary>Writes may be combined (<c>DMA_ATTR_WRITE_COMBINE</c>).</summary>
    WriteCombine = 1 << 2,

    /// <summary>The CPU needs no mapping of a coherent allocation (<c>DMA_ATTR_NO_KERNEL_MAPPING</c>).</summary>
    NoKernelMapping = 1 << 4,

    /// <summary>The caller synchronizes by itself; nothing is copied on map and unmap (<c>DMA_ATTR_SKIP_CPU_SYNC</c>).</summary>
    SkipCpuSync = 1 << 5,

    /// <summary>Only physically contiguous memory will do (<c>DMA_ATTR_FORCE_CONTIGUOUS</c>).</summary>
    ForceContiguous = 1 << 6,

    /// <summary>Small pages will do (<c>DMA_ATTR_ALLOC_SINGLE_PAGES</c>).</summary>
    AllocateSinglePages = 1 << 7,

    /// <summary>A failure is not to be logged (<c>DMA_ATTR_NO_WARN</c>).</summary>
    NoWarn = 1 << 8,

    /// <summary>Only privileged requests may use it (<c>DMA_ATTR_PRIVILEGED</c>).</summary>
    Privileged = 1 << 9,

    /// <summary>The bytes are a device's, not RAM: nothing is cached, nothing bounces (<c>DMA_ATTR_MMIO</c>, row R66a).</summary>
    Mmio = 1 << 10,

    /// <summary>The caller knows what overlapping cache lines do; the debugger does not check them (<c>DMA_ATTR_DEBUGGING_IGNORE_CACHELINES</c>).</summary>
    DebuggingIgnoreCachelines = 1 << 11,

    /// <summary>No bounce buffer and no cache flush is acceptable: refuse instead (<c>DMA_ATTR_REQUIRE_COHERENT</c>, row R66d).</summary>
    RequireCoherent = 1 << 12,

    /// <summary>The memory is shared with an untrusted host (<c>DMA_ATTR_CC_SHARED</c>).</summary>
    ConfidentialShared = 1 << 13,
}
