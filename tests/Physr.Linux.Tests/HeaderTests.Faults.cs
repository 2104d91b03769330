// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Faults;
using Physr.Linux.Interop;
using Physr.Linux.Memory;

namespace Physr.Linux.Tests;

/// <content>Page faults, and the pages of a process. What came after Linux 6.1 is said once more by its formula.</content>
public sealed partial class HeaderTests
{
    internal static HeaderTable Faults { get; } = new()
    {
        Headers = ["sys/ioctl.h", "linux/userfaultfd.h", "linux/fs.h"],
        Definitions = """
            #ifndef UFFDIO_POISON
            struct uffdio_poison { struct uffdio_range range; __u64 mode; __s64 updated; };
            #define UFFDIO_POISON _IOWR(UFFDIO, 0x08, struct uffdio_poison)
            #endif
            #ifndef UFFDIO_MOVE
            struct uffdio_move { __u64 dst; __u64 src; __u64 len; __u64 mode; __s64 move; };
            #define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
            #endif
            #ifndef PAGEMAP_SCAN
            struct page_region { __u64 start; __u64 end; __u64 categories; };
            struct pm_scan_arg { __u64 size, flags, start, end, walk_end, vec, vec_len, max_pages, category_inverted, category_mask, category_anyof_mask, return_mask; };
            #define PAGEMAP_SCAN _IOWR('f', 16, struct pm_scan_arg)
            #endif
            """,
        Structures = new()
        {
            [typeof(FaultEvent)] = ("uffd_msg", ["event", "arg.remap.from", "arg.remap.to", "arg.remap.len"]),
            [typeof(UffdioApi)] = ("uffdio_api", ["api", "features", "ioctls"]),
            [typeof(UffdioRange)] = ("uffdio_range", ["start", "len"]),
            [typeof(UffdioRegister)] = ("uffdio_register", ["range.start", "range.len", "mode", "ioctls"]),
            [typeof(UffdioCopy)] = ("uffdio_copy", ["dst", "src", "len", "mode", "copy"]),
            [typeof(UffdioZeropage)] = ("uffdio_zeropage", ["range.start", "range.len", "mode", "zeropage"]),
            [typeof(UffdioWriteprotect)] = ("uffdio_writeprotect", ["range.start", "range.len", "mode"]),
            [typeof(UffdioContinue)] = ("uffdio_continue", ["range.start", "range.len", "mode", "mapped"]),
            [typeof(UffdioPoison)] = ("uffdio_poison", ["range.start", "range.len", "mode", "updated"]),
            [typeof(UffdioMove)] = ("uffdio_move", ["dst", "src", "len", "mode", "move"]),
            [typeof(PageRegion)] = ("page_region", ["start", "end", "categories"]),
            [typeof(PageScanArgument)] = ("pm_scan_arg", ["size", "flags", "start", "end", "walk_end", "vec", "vec_len", "max_pages", "category_inverted", "category_mask", "category_anyof_mask", "return_mask"]),
        },
        Late =
        [
            "UFFD_FEATURE_WP_UNPOPULATED", "UFFD_FEATURE_POISON", "UFFD_FEATURE_WP_ASYNC", "UFFD_FEATURE_MOVE", "UFFDIO_CONTINUE_MODE_WP", "UFFDIO_POISON_MODE_DONTWAKE", "UFFDIO_MOVE_MODE_DONTWAKE",
            "PM_SCAN_WP_MATCHING", "PM_SCAN_CHECK_WPASYNC", "PAGE_IS_WPALLOWED", "PAGE_IS_WRITTEN", "PAGE_IS_FILE", "PAGE_IS_PRESENT", "PAGE_IS_SWAPPED", "PAGE_IS_PFNZERO", "PAGE_IS_HUGE", "PAGE_IS_SOFT_DIRTY",
        ],
    };
}
