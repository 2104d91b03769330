// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Faults;
using Physr.Linux.Memory;
using Physr.Linux.Tests.Infrastructure;

namespace Physr.Linux.Tests.Memory;

/// <summary>Pages that were stored to are found once, and protected anew in the same step.</summary>
public sealed unsafe class PageScanTests
{
    private const int Page = FaultRig.Page;

    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void PagesThatWereWrittenAreFoundOnce(bool isShared)
    {
        SkipWhereItIsMissing();
        const FaultFeatures Features = FaultFeatures.WriteProtectAsync | FaultFeatures.WriteProtectUnpopulated | FaultFeatures.PagefaultFlagWriteProtect | FaultFeatures.WriteProtectShmem;
        using FaultRig rig = isShared ? FaultRig.Shared(Features, FaultModes.WriteProtect) : FaultRig.Anonymous(Features, FaultModes.WriteProtect);
        Assert.Equal(Errno.None, PageScan.TryOpen(0, out SafeFileHandle? opened));
        using SafeFileHandle pagemap = opened!;
        Assert.Equal(Errno.None, rig.Uffd.WriteProtect(rig.Memory.Address, rig.Memory.Length, true, false));

        // Nobody serves: the kernel lets the pages go by itself.
        foreach (int page in (int[])[1, 5, 6, 12])
        {
            *(byte*)rig.At(page) = 1;
        }

        Assert.Equal(["1-2", "5-7", "12-13"], Written(pagemap, rig, 8));
        Assert.Empty(Written(pagemap, rig, 8));
        *(byte*)rig.At(5) = 2;
        *(byte*)rig.At(9) = 2;
        Assert.Equal(["5-6", "9-10"], Written(pagemap, rig, 1));
        Assert.Empty(Written(pagemap, rig, 1));
    }

    [SkippableFact]
    public void WhatIsTrueOfAPageIsTold()
    {
        SkipWhereItIsMissing();
        Assert.Equal(Errno.None, MemoryFile.TryCreate("pages", 4 * Page, out MemoryFile? made, out _));
        using MemoryFile file = made!;
        Assert.Equal(Errno.None, file.TryMap(0, 4 * Page, false, out Mapping? view, out _));
        using Mapping memory = view!;
        Assert.Equal(Errno.None, memory.Advise(memory.Address + Page, Page, MemoryAdvice.PopulateWrite));
        Assert.Equal(Errno.None, PageScan.TryOpen(Environment.ProcessId, out SafeFileHandle? opened));
        using SafeFileHandle pagemap = opened!;
        PageRegion[] regions = new PageRegion[4];
        nint end = memory.Address + (4 * Page);
        Assert.Equal(Errno.None, PageScan.Scan(pagemap, memory.Address, end, PageCategories.Present, PageCategories.None, PageCategories.Present | PageCategories.File, false, regions, out int count, out nint walked));
        Assert.Equal((1, end), (count, walked));
        Assert.Equal((memory.Address + Page, memory.Address + (2 * Page), PageCategories.Present | PageCategories.File), (regions[0].Start, regions[0].End, regions[0].Categories));
        Assert.Equal($"0x{memory.Address + Page:x}-0x{memory.Address + (2 * Page):x}: File, Present", regions[0].ToString());
        Assert.Equal(Errno.None, PageScan.Scan(pagemap, memory.Address, end, PageCategories.None, PageCategories.Swapped | PageCategories.Huge, PageCategories.Present, false, regions, out count, out _));
        Assert.Equal(0, count);
    }

    [SkippableFact]
    public void MemoryThatCannotBeProtectedIsRefused()
    {
        SkipWhereItIsMissing();
        Assert.Equal(Errno.None, Mapping.TryMapAnonymous(Page, false, out Mapping? made, out _));
        using Mapping memory = made!;
        *(byte*)memory.Address = 1;
        Assert.Equal(Errno.None, PageScan.TryOpen(0, out SafeFileHandle? opened));
        using SafeFileHandle pagemap = opened!;
        PageRegion[] regions = new PageRegion[1];
        Assert.Equal(Errno.EPERM, PageScan.Scan(pagemap, memory.Address, memory.Address + Page, PageCategories.Written, PageCategories.None, PageCategories.Written, true, regions, out int count, out nint walked));
        Assert.Equal((0, memory.Address), (count, walked));
        Assert.Equal(Errno.EINVAL, PageScan.Scan(pagemap, memory.Address + 1, memory.Address + Page, PageCategories.None, PageCategories.None, PageCategories.Present, false, regions, out _, out _));
        Assert.Equal(Errno.ENOENT, PageScan.TryOpen(int.MaxValue, out SafeFileHandle? nobody));
        Assert.Null(nobody);
    }

    private static void SkipWhereItIsMissing()
    {
        Assert.False(!PageScan.IsSupported && Environment.GetEnvironmentVariable("CI") == "true" && Environment.OSVersion.Version >= new Version(6, 7), "PAGEMAP_SCAN is there from Linux 6.7 on");
        Skip.IfNot(PageScan.IsSupported, "PAGEMAP_SCAN is not there before Linux 6.7");
    }

    private static List<string> Written(SafeFileHandle pagemap, FaultRig rig, int room)
    {
        List<string> found = [];
        PageRegion[] regions = new PageRegion[room];
        nint end = rig.Memory.Address + (nint)rig.Memory.Length;
        for (nint at = rig.Memory.Address; at < end;)
        {
            Assert.Equal(Errno.None, PageScan.Scan(pagemap, at, end, PageCategories.Written, PageCategories.None, PageCategories.Written, true, regions, out int count, out at));
            found.AddRange(regions.Take(count).Select(region => $"{(region.Start - rig.Memory.Address) / Page}-{(region.End - rig.Memory.Address) / Page}"));
        }

        return found;
    }
}
