// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Bits of a <see cref="PageDescriptor"/>.</summary>
[Flags]
public enum PageFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Somebody holds the page lock.</summary>
    Locked = 1 << 0,

    /// <summary>Anonymous and owned by one process.</summary>
    AnonymousExclusive = 1 << 1,

    /// <summary>Written since it was last cleaned.</summary>
    Dirty = 1 << 2,

    /// <summary>The hardware reported the bytes lost (the kernel's <c>HWPoison</c>).</summary>
    Poisoned = 1 << 3,

    /// <summary>It heads a page larger than 4 KiB.</summary>
    Head = 1 << 4,

    /// <summary>It lies inside a page larger than 4 KiB.</summary>
    Tail = 1 << 5,

    /// <summary>Its bytes belong to a process or to what it shares by copying, not to a file.</summary>
    Anonymous = 1 << 6,

    /// <summary>Anonymous, and its owner can do without the bytes as long as nobody writes again (<c>MADV_FREE</c>: the kernel clears <c>SwapBacked</c>).</summary>
    LazyFree = 1 << 7,

    /// <summary>The page stands for a slot of a swap area.</summary>
    SwapCache = 1 << 8,

    /// <summary>It lies in the free lists of its zone.</summary>
    Free = 1 << 9,

    /// <summary>It must not move or be taken: a page of zeros, or one whose owner said so.</summary>
    Reserved = 1 << 10,

    /// <summary>Its bytes belong to the page cache of shared memory (<c>shmem</c>).</summary>
    SharedMemory = 1 << 11,

    /// <summary>It heads a large file-system page of which the hardware lost another part.</summary>
    PartPoisoned = 1 << 12,
}
