// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Mm.Tests.Selftests.SelftestHost;

namespace Physr.Mm.Tests.Selftests;

/// <summary>Lost memory (the kernel's <c>memory-failure.c</c>, section 4.7; row R89).</summary>
public sealed class MemoryFailureTests
{
    [Fact]
    public void R89d_anon() => Run(host =>
    {
        AddressSpace parent = host.Process();
        VirtualAddress at = parent.Map(4);
        parent.Put(at, Numbers(4));
        AddressSpace child = host.Fork(parent);
        List<(AddressSpace, VirtualAddress)> hurt = [];
        host.Memory.MapperHurt += (space, address) => hurt.Add((space, address));
        PageFrameNumber lost = parent.FrameOf(at.At(1));
        parent.Advise(at.At(1), 1, MemoryAdvice.HwPoison);
        Assert.Equal([(parent, at.At(1)), (child, at.At(1))], hurt);
        Assert.Equal(AccessOutcome.Poisoned, parent.Touch(at.At(1)));
        Assert.Equal(AccessOutcome.Poisoned, child.Touch(at.At(1)));
        Assert.Equal(Errno.EHWPOISON, parent.TryPin(at.At(1), PageBytes, PinFlags.None, out _));
        Assert.Equal(Errno.EHWPOISON, host.Memory.ReportMemoryFailure(lost));
        Assert.Equal(1, host.Memory.PoisonedPages);
        parent.Expect(at, Numbers(1));
        parent.Expect(at.At(2), Numbers(2, 3));
        Assert.Equal((3L, 3L), (parent.AnonymousPages, child.AnonymousPages));

        // Mapped anew, the address is as good as any.
        parent.Advise(at.At(1), 1, MemoryAdvice.DontNeed);
        parent.Put(at.At(1), Fill(1, 7));
        Assert.NotEqual(lost, parent.FrameOf(at.At(1)));
    });

    [Fact]
    public void R89_clean_pagecache() => Run(host =>
    {
        ByteStore store = new(4 * PageBytes);
        Numbers(4).CopyTo(store.Bytes, 0);
        StoredFile file = host.Last(new StoredFile(host.Memory, "file", store));
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(4, file: file, isShared: true);
        process.Expect(at, Numbers(4));
        int hurt = 0;
        host.Memory.MapperHurt += (_, _) => hurt++;
        PageFrameNumber lost = process.FrameOf(at.At(1));
        process.Advise(at.At(1), 1, MemoryAdvice.HwPoison);
        Assert.Equal((0, 1L, 3), (hurt, host.Memory.PoisonedPages, file.CachedPages));

        // The store has the bytes too.
        process.Expect(at, Numbers(4));
        Assert.NotEqual(lost, process.FrameOf(at.At(1)));
    });

    [Fact]
    public void R89_dirty_pagecache() => Run(host =>
    {
        StoredFile file = host.Last(new StoredFile(host.Memory, "file", new ByteStore(4 * PageBytes)));
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(4, file: file, isShared: true);
        process.Put(at, Numbers(4));
        int hurt = 0;
        host.Memory.MapperHurt += (_, _) => hurt++;
        process.Advise(at.At(1), 1, MemoryAdvice.HwPoison);
        Assert.Equal(1, hurt);
        Assert.Equal(AccessOutcome.Poisoned, process.Touch(at.At(1)));
        process.Expect(at.At(2), Numbers(2, 3));
    });

    [Fact]
    public void R89_OfALargePageOnlyTheLostPartGoes() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(512);
        process.Advise(at, 512, MemoryAdvice.HugePage);
        process.Put(at, Fill(512, 3));
        int hurt = 0;
        host.Memory.MapperHurt += (_, _) => hurt++;
        process.Advise(at.At(100), 1, MemoryAdvice.HwPoison);
        Assert.Equal((1, 1L, 511L), (hurt, host.Memory.PoisonedPages, process.AnonymousPages));
        Assert.Equal(AccessOutcome.Poisoned, process.Touch(at.At(100)));
        process.Expect(at, Fill(100, 3));
        process.Expect(at.At(101), Fill(411, 3));
        AddressSpace child = host.Fork(process);
        Assert.Equal(AccessOutcome.Poisoned, child.Touch(at.At(100)));
        child.Put(at, Fill(100, 4));
        process.Expect(at, Fill(100, 3));
    });

    [Fact]
    public void R89_AFreeFrameThatIsLostIsNeverHandedOut() => Run(host =>
    {
        Assert.Equal(Errno.None, host.Memory.TryAllocateForMove(0, out PageFrameNumber frame));
        host.Memory.FreeUnmoved(frame);
        long free = host.Memory.FreePages;
        Assert.Equal(Errno.None, host.Memory.ReportMemoryFailure(frame));
        Assert.Equal(Errno.EHWPOISON, host.Memory.ReportMemoryFailure(frame));
        Assert.Equal(free - 1, host.Memory.FreePages);
        AddressSpace process = host.Process();
        int pages = (int)host.Memory.FreePages;
        VirtualAddress at = process.Map(pages);
        for (int page = 0; page < pages; page++)
        {
            if (process.Store(at.At(page), 1) == AccessOutcome.Done)
            {
                Assert.NotEqual(frame, process.FrameOf(at.At(page)));
            }
        }

        Assert.Equal(0, host.Memory.FreePages);
        Assert.Equal(Errno.ENXIO, host.Memory.ReportMemoryFailure(new(1UL << 40)));
    });
}
