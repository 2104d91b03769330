// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using static Physr.Mm.Tests.Selftests.SelftestHost;

namespace Physr.Mm.Tests.Selftests;

/// <summary>Pins (the kernel's <c>gup_test</c> and <c>gup_longterm</c>, section 4.7; row R58).</summary>
public sealed class GupTests
{
    [Theory]
    [InlineData(PinFlags.ReferenceOnly)]
    [InlineData(PinFlags.ReferenceOnly | PinFlags.Write)]
    [InlineData(PinFlags.None)]
    [InlineData(PinFlags.Write)]
    [InlineData(PinFlags.LongTerm)]
    [InlineData(PinFlags.LongTerm | PinFlags.Write)]
    public void gup_basic_pin_basic(PinFlags flags) => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8);
        process.Put(at, Numbers(8));
        long pins = (flags & PinFlags.ReferenceOnly) == PinFlags.None ? 8 : 0;
        using (PinnedMemory pinned = process.Pin(at, 8, flags))
        {
            Assert.Equal(Numbers(8), pinned.Bytes(host.Memory));
            Assert.Equal((pins, pins), (host.Memory.Pins, process.PinnedPages));
        }

        // Pins nest, and come off in any order.
        PinnedMemory first = process.Pin(at, 8, flags);
        PinnedMemory second = process.Pin(at.At(2), 3, flags);
        first.Dispose();
        first.Dispose();
        Assert.Equal(pins == 0 ? 0 : 3, host.Memory.Pins);
        Assert.Equal(Numbers(3, 3), second.Bytes(host.Memory));
        second.Dispose();
        Assert.Equal((0L, 0L), (host.Memory.Pins, process.PinnedPages));
    });

    [Fact]
    public void pin_longterm_start_read_stop() => Run(host =>
    {
        // What is held is read back by the holder after the process changed it, and outlives the mapping.
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(4);
        process.Put(at, Numbers(4));
        PinnedMemory pinned = process.Pin(at, 4, PinFlags.LongTerm | PinFlags.Write);
        process.Put(at, Numbers(4, 11));
        Assert.Equal(Numbers(4, 11), pinned.Bytes(host.Memory));
        process.Unmap(at, 4);
        Assert.Equal(Numbers(4, 11), pinned.Bytes(host.Memory));
        Assert.Equal(4, host.Memory.Pins);
        pinned.Dispose();
    });

    [Fact]
    public void dump_user_pages() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8);
        process.Put(at, Numbers(8));
        using PinnedMemory pinned = process.Pin(at, 8, PinFlags.None);
        List<PageFrameNumber> frames = [];
        foreach (ProvidedRange entry in pinned.Frames)
        {
            for (ulong page = 0; page < entry.Range.Length; page += PageBytes)
            {
                frames.Add(entry.Range.Start.Add(page).Frame);
            }
        }

        Assert.Equal(Enumerable.Range(0, 8).Select(i => process.FrameOf(at.At(i))), frames);
    });

    // Eight cases: to write or to read, shared or private; the fast path has no counterpart.
    [Theory]
    [InlineData("memfd", true, true, true)]
    [InlineData("memfd", true, false, true)]
    [InlineData("memfd", false, true, true)]
    [InlineData("memfd", false, false, true)]
    [InlineData("file", true, true, false)]
    [InlineData("file", true, false, true)]
    [InlineData("file", false, true, true)]
    [InlineData("file", false, false, true)]
    public void longterm(string kind, bool isShared, bool isWrite, bool works) => Run(host =>
    {
        AddressSpace process = host.Process();
        MemoryFile file = kind == "memfd" ? host.Last(new SharedMemoryFile(host.Memory, kind, PageBytes)) : host.Last(new StoredFile(host.Memory, kind, new ByteStore(PageBytes)));
        VirtualAddress at = process.Map(1, file: file, isShared: isShared);
        Assert.Equal(AccessOutcome.Done, process.Touch(at));
        Errno errno = process.TryPin(at, PageBytes, PinFlags.LongTerm | (isWrite ? PinFlags.Write : PinFlags.None), out PinnedMemory? pinned);
        Assert.Equal(works ? Errno.None : Errno.EFAULT, errno);
        if (works)
        {
            process.Put(at, Fill(1, 9));
            Assert.Equal(Fill(1, 9), pinned!.Bytes(host.Memory));
            pinned!.Dispose();
        }
    });

    [Fact]
    public void R58_MemoryOfPciDevicesIsHeldOnlyByThoseWhoSayTheyCan_AndNeverForLong() => Run(host =>
    {
        PhysicalRange bar = new(new(64UL << 30), PageSize.Size2M);
        P2PProviderSet device = new(host.Memory.Map, "nvme0");
        Assert.Equal(Errno.None, device.Initialize(new BarAperture(0, bar, default)));
        using P2PPool pool = new(device, P2PPoolBacking.PageDescriptors);
        Assert.Equal(Errno.None, pool.AddResource(0));
        Assert.True(pool.TryAllocate(2 * PageBytes, out PhysicalRange cmb));
        DeviceFile file = new(host.Memory, "/sys/p2pmem/allocate", cmb, hasDescriptors: true);
        AddressSpace process = host.Process();
        using NativeRam bytes = new(bar);
        host.Memory.AttachBytes(bar, bytes);
        VirtualAddress at = process.Map(2, file: file, isShared: true);
        process.Put(at, Fill(2, 5));
        Assert.Equal(Errno.EREMOTEIO, process.TryPin(at, PageBytes, PinFlags.Write, out _));
        Assert.Equal(Errno.EREMOTEIO, process.TryPin(at, PageBytes, PinFlags.LongTerm, out _));
        Assert.Equal(Errno.EINVAL, process.TryPin(at, PageBytes, PinFlags.LongTerm | PinFlags.PciP2P, out _));
        using (PinnedMemory pinned = process.Pin(at, 2, PinFlags.PciP2P | PinFlags.Write))
        {
            foreach (ProvidedRange entry in pinned.Frames)
            {
                Assert.False(entry.Provider.IsRam);
                Assert.True(cmb.Contains(entry.Range));
            }
        }

        process.Unmap(at, 2);
        file.Dispose();
        pool.Free(cmb);
        host.Memory.DetachBytes(bar);
    });

    [Fact]
    public void WhatCannotBeHadIsRefusedWhole() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(8);
        process.Put(at, Numbers(8));
        process.Unmap(at.At(6), 1);
        process.Protect(at.At(4), 1, Protection.Read);
        process.Protect(at.At(5), 1, Protection.None);
        Assert.Equal(Errno.EFAULT, process.TryPin(at, 5 * PageBytes, PinFlags.Write, out PinnedMemory? pinned));
        Assert.Null(pinned);
        Assert.Equal(Errno.EFAULT, process.TryPin(at, 6 * PageBytes, PinFlags.None, out _));
        Assert.Equal(Errno.EFAULT, process.TryPin(at.At(6), 2 * PageBytes, PinFlags.None, out _));
        Assert.Equal(Errno.EINVAL, process.TryPin(at, 0, PinFlags.None, out _));
        Assert.Equal(Errno.EINVAL, process.TryPin(at, ulong.MaxValue, PinFlags.None, out _));
        Assert.Equal(Errno.EFAULT, process.TryPin(new(AddressSpace.End - PageBytes), 2 * PageBytes, PinFlags.None, out _));
        Assert.Equal(0, host.Memory.Pins);
        using PinnedMemory part = process.Pin(at.Add(100), 1, PinFlags.None);
        Assert.Equal((ulong)(5 * PageBytes), process.Pin(at, 5, PinFlags.None) is var all ? all.Frames.Length : 0);
        all.Dispose();
    });
}
