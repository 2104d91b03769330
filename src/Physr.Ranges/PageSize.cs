// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>The page and section sizes of x86-64, in bytes.</summary>
public static class PageSize
{
    /// <summary>log2 of the 4 KiB granule (the kernel's <c>PAGE_SHIFT</c>).</summary>
    public const int Shift4K = 12;

    /// <summary>The granule of providers, range lists and page tables: 4 KiB.</summary>
    public const ulong Size4K = 1UL << Shift4K;

    /// <summary>A large page, and the sub-section granule of pagemaps (<c>memremap_compat_align</c>, section 1.2): 2 MiB.</summary>
    public const ulong Size2M = 1UL << 21;

    /// <summary>The memory-hotplug section of x86-64 (<c>PA_SECTION_SIZE</c>, section 1.3): 128 MiB.</summary>
    public const ulong Section = 1UL << 27;

    /// <summary>A huge page: 1 GiB.</summary>
    public const ulong Size1G = 1UL << 30;
}
