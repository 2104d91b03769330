// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Memory;

/// <summary>Finds pages of a process by what is true of them (<c>PAGEMAP_SCAN</c>, Linux 6.7): which were stored to above all, and protects them anew in the same step, so that no store is lost between.</summary>
public static class PageScan
{
    private static readonly Lazy<bool> s_isSupported = new(Probe);

    /// <summary>Whether this kernel has it. Asked once.</summary>
    public static bool IsSupported => s_isSupported.Value;

    /// <summary>Opens the pages of a process: of another, with the right to trace it.</summary>
    /// <param name="processId">Which; 0 is this one.</param>
    /// <param name="pagemap">The descriptor, which the caller closes; null on failure.</param>
    /// <returns><see cref="Errno.ENOENT"/> where it is gone; <see cref="Errno.EACCES"/> where this process may not.</returns>
    public static Errno TryOpen(int processId, out SafeFileHandle? pagemap)
    {
        string path = processId == 0 ? "/proc/self/pagemap" : $"/proc/{processId}/pagemap";
        pagemap = LibC.OpenAt(PathFlags.AT_FDCWD, path, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC, 0);
        if (!pagemap.IsInvalid)
        {
            return Errno.None;
        }

        Errno errno = LibC.LastError;
        pagemap.Dispose();
        pagemap = null;
        return errno;
    }

    /// <summary>Finds pages. Allocates nothing.</summary>
    /// <param name="pagemap">The pages of a process (<see cref="TryOpen"/>).</param>
    /// <param name="start">The first byte: the start of a page.</param>
    /// <param name="end">The byte after the last: the start of a page.</param>
    /// <param name="required">What is all true of the pages that are found.</param>
    /// <param name="anyOf">Of what at least one is true of them; <see cref="PageCategories.None"/> asks nothing.</param>
    /// <param name="returned">What the regions tell.</param>
    /// <param name="writeProtectMatching">Whether what is found is protected at once. All of the range is registered with <see cref="Faults.FaultModes.WriteProtect"/> then, at an object with
    /// <see cref="Faults.FaultFeatures.WriteProtectAsync"/> and <see cref="Faults.FaultFeatures.WriteProtectUnpopulated"/>.</param>
    /// <param name="regions">Where to.</param>
    /// <param name="count">How many regions there are.</param>
    /// <param name="walkEnd">Where it stopped because the regions were full: go on from there; else <paramref name="end"/>.</param>
    /// <returns><see cref="Errno.EPERM"/> where what is found cannot be protected; <see cref="Errno.EINVAL"/> for such a range or no room; <see cref="Errno.ENOTTY"/> before Linux 6.7; <see cref="Errno.ESRCH"/>
    /// where the process is gone.</returns>
    public static unsafe Errno Scan(SafeFileHandle pagemap, nint start, nint end, PageCategories required, PageCategories anyOf, PageCategories returned, bool writeProtectMatching, Span<PageRegion> regions, out int count, out nint walkEnd)
    {
        // SAFETY: the kernel writes no more regions than it is told that there is room for; the span is pinned meanwhile, the argument lies in this frame.
        fixed (PageRegion* first = regions)
        {
            PageScanArgument argument = new()
            {
                Size = (ulong)sizeof(PageScanArgument),
                Flags = writeProtectMatching ? PageScanFlags.PM_SCAN_WP_MATCHING | PageScanFlags.PM_SCAN_CHECK_WPASYNC : default,
                Start = (ulong)start,
                End = (ulong)end,
                Vector = (ulong)first,
                VectorLength = (ulong)regions.Length,
                Mask = (ulong)required,
                AnyOfMask = (ulong)anyOf,
                ReturnMask = (ulong)returned,
            };
            int result = LibC.Ioctl(pagemap, (ulong)PagemapIoctl.PAGEMAP_SCAN, &argument);
            count = int.Max(result, 0);
            walkEnd = result < 0 ? start : (nint)argument.WalkEnd;
            return result < 0 ? LibC.LastError : Errno.None;
        }
    }

    private static bool Probe()
    {
        if (TryOpen(0, out SafeFileHandle? pagemap) != Errno.None)
        {
            return false;
        }

        using (pagemap)
        {
            return Scan(pagemap!, 0, Environment.SystemPageSize, PageCategories.None, PageCategories.None, PageCategories.Present, false, stackalloc PageRegion[1], out _, out _) == Errno.None;
        }
    }
}
