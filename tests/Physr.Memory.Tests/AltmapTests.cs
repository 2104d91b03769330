// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class AltmapTests
{
    private static readonly PhysicalRange Device = Range(4 * GiB, 256 * MiB);

    // 256 MiB have 65536 pages, whose descriptors take 4 MiB: 1024 pages.
    private static Altmap New(ulong reserve, ulong free) => new() { Base = Device.Start.Frame, Reserve = reserve, Free = free };

    [Fact]
    public void R8a_MetadataComesOutOfTheDevice()
    {
        MemoryMap map = new();
        Altmap altmap = New(8, 1024);
        Pagemap pagemap = Filled(MemoryType.FsDax, Device);
        pagemap.Altmap = altmap;
        Assert.Equal(Errno.None, map.Register(pagemap, out string reason));
        Assert.Empty(reason);
        Assert.Equal(65536, map.DescriptorCount);
        Assert.Equal(0, map.DescriptorBytes);
        Assert.Equal((long)(4 * MiB), map.DeviceDescriptorBytes);
        Assert.Equal(1024UL, altmap.Allocated);
        map.Unregister(pagemap);
        Assert.Equal(0UL, altmap.Allocated);
        AssertNothingLeft(map);
    }

    [Fact]
    public void R8a_TooSmallAnAltmapIsEnomem_AndReturnsWhatItGave()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.FsDax, Device);
        pagemap.Altmap = New(0, 1023);
        Assert.Equal(Errno.ENOMEM, map.Register(pagemap));
        Assert.Equal(0UL, pagemap.Altmap.Allocated);
        AssertNothingLeft(map);
    }

    [Fact]
    public void R8b_DataStartsAfterReserveAndFree()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.FsDax, Device);
        pagemap.Altmap = New(512, 1024);
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(1536 * PageSize.Size4K, pagemap.DataOffset);
        Assert.Equal(1 + 65536 - 1536, pagemap.ReferenceCount);
        map.Unregister(pagemap);
    }

    [Fact]
    public void R8c_AnAltmapGoesWithASingleRange()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.FsDax, Device, Range(8 * GiB, 2 * MiB));
        pagemap.Altmap = New(0, 2048);
        Assert.Equal(Errno.EINVAL, map.Register(pagemap, out string reason));
        Assert.Contains("single range", reason, StringComparison.Ordinal);
        Assert.Equal(0UL, pagemap.Altmap.Allocated);
        AssertNothingLeft(map);
    }

    [Fact]
    public void R8d_PagesNeverReturnedAreReported()
    {
        List<string> warnings = [];
        MemoryMap map = new(new() { Warn = warnings.Add });
        Pagemap pagemap = Filled(MemoryType.FsDax, Device);
        pagemap.Altmap = New(0, 1040);
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.True(pagemap.Altmap.TryAllocate(16));
        map.Unregister(pagemap);
        Assert.Equal("pagemap (FsDax): 16 altmap pages were never returned", Assert.Single(warnings));
    }

    [Fact]
    public void R8e_MetadataFramesAreNotValid()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.FsDax, Device);
        pagemap.Altmap = New(16, 1024);
        Assert.Equal(Errno.None, map.Register(pagemap));
        for (ulong page = 0; page < 1100; page++)
        {
            PageFrameNumber frame = Device.Start.Frame.Add(page);
            Assert.Equal(page >= 1040, pagemap.IsValidFrame(frame));
            Assert.Equal(page >= 1040, pagemap.TryGetPage(frame, out _));
        }

        map.Unregister(pagemap);
    }

    [Fact]
    public void PagesAreTakenAtTheAlignmentOfTheirNumber()
    {
        Altmap altmap = new() { Base = new(0), Reserve = 3, Free = 100 };
        Assert.True(altmap.TryAllocate(8));
        Assert.Equal((8UL, 5UL), (altmap.Allocated, altmap.Align));
        Assert.True(altmap.TryAllocate(3));
        Assert.Equal((11UL, 5UL), (altmap.Allocated, altmap.Align));
        Assert.False(altmap.TryAllocate(84));
        Assert.True(altmap.TryAllocate(1));
        Assert.Throws<PhysrException>(() => altmap.Return(13));
    }
}
