// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Mapped;

/// <summary>How large the pages are that memory is made of.</summary>
public enum MappedPages
{
    /// <summary>As the kernel likes.</summary>
    Default = 0,

    /// <summary>2 MiB where the kernel finds some, small ones elsewhere (<c>MADV_HUGEPAGE</c>, transparent huge pages). It is a wish: see <c>AnonHugePages</c> in <c>/proc/self/smaps</c> for what came of it.</summary>
    Transparent,

    /// <summary>2 MiB, of those that were set aside (<c>/proc/sys/vm/nr_hugepages</c>); refused where too few are left. Never swapped.</summary>
    Huge2MiB,

    /// <summary>1 GiB, of those that were set aside (<c>/sys/kernel/mm/hugepages/hugepages-1048576kB</c>); refused where too few are left. Never swapped.</summary>
    Huge1GiB,
}
