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
}
