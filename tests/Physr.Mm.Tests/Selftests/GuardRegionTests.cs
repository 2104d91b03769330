// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Reporting;
using static Physr.Mm.Tests.Selftests.SelftestHost;

namespace Physr.Mm.Tests.Selftests;

/// <summary>Guards (the kernel's <c>guard-regions.c</c>, section 4.7), over anonymous memory, shared memory and a file.</summary>
public sealed class GuardRegionTests
{
    public static TheoryData<string> Backings() => ["anonymous", "shared memory", "file"];

    [Theory]
    [MemberData(nameof(Backings))]
    public void guard_regions_basic(string backing) => With(backing, (host, process, at) =>
    {
        process.Advise(at, 1, MemoryAdvice.GuardInstall);
        process.Advise(at.At(9), 1, MemoryAdvice.GuardInstall);
        process.Advise(at.At(9), 1, MemoryAdvice.GuardInstall);
        ExpectGuards(process, at, 0, 9);
        Assert.Equal(AccessOutcome.MapError, process.Store(at, 1));
        process.Advise(at, 10, MemoryAdvice.GuardRemove);
        ExpectGuards(process, at);
        process.Put(at, Numbers(10));
        process.Expect(at, Numbers(10));
    });

    [Fact]
    public void multi_vma() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(10);
        process.Protect(at.At(3), 3, Protection.Read);
        process.Unmap(at.At(7), 1);
        Assert.Equal(Errno.ENOMEM, process.TryAdvise(at, 10 * PageBytes, MemoryAdvice.GuardInstall));
        ExpectGuards(process, at, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Assert.Equal(Errno.ENOMEM, process.TryAdvise(at, 10 * PageBytes, MemoryAdvice.GuardRemove));
        ExpectGuards(process, at, 7);
    });

    [Theory]
    [MemberData(nameof(Backings))]
    public void munmap(string backing) => With(backing, (host, process, at) =>
    {
        process.Advise(at, 10, MemoryAdvice.GuardInstall);
        process.Unmap(at.At(5), 5);
        process.Map(5, at: at.At(5));
        ExpectGuards(process, at, 0, 1, 2, 3, 4);
    });

    [Theory]
    [MemberData(nameof(Backings))]
    public void mprotect(string backing) => With(backing, (host, process, at) =>
    {
        process.Advise(at.At(2), 3, MemoryAdvice.GuardInstall);
        process.Protect(at, 10, Protection.Read);
        ExpectGuards(process, at, 2, 3, 4);
        process.Protect(at, 10, Protection.ReadWrite);
        ExpectGuards(process, at, 2, 3, 4);
    });

    [Theory]
    [MemberData(nameof(Backings))]
    public void split_merge(string backing) => With(backing, (host, process, at) =>
    {
        for (int page = 0; page < 10; page += 2)
        {
            process.Advise(at.At(page), 1, MemoryAdvice.GuardInstall);
        }

        process.Protect(at.At(3), 4, Protection.Read);
        ExpectGuards(process, at, 0, 2, 4, 6, 8);
        process.Protect(at.At(3), 4, Protection.ReadWrite);
        ExpectGuards(process, at, 0, 2, 4, 6, 8);
    });

    [Theory]
    [MemberData(nameof(Backings))]
    public void dontneed(string backing) => With(backing, (host, process, at) =>
    {
        process.Put(at, Numbers(10));
        process.Advise(at.At(4), 2, MemoryAdvice.GuardInstall);
        process.Advise(at, 10, MemoryAdvice.DontNeed);
        ExpectGuards(process, at, 4, 5);
        process.Expect(at, backing == "anonymous" ? Fill(1, 0) : Numbers(1));
    });

    [Theory]
    [MemberData(nameof(Backings))]
    public void mremap_move_expand_shrink(string backing) => With(backing, (host, process, at) =>
    {
        process.Advise(at, 1, MemoryAdvice.GuardInstall);
        process.Advise(at.At(4), 1, MemoryAdvice.GuardInstall);
        VirtualAddress target = new(at.Value - (1UL << 30));
        Assert.Equal(Errno.None, process.TryRemap(new(at, 5 * PageBytes, 5 * PageBytes) { MayMove = true, NewAddress = target }, out _));
        ExpectGuards(process, target, 0, 4, 5, 6, 7, 8, 9);
        Assert.Equal(Errno.None, process.TryRemap(new(target, 5 * PageBytes, 8 * PageBytes), out VirtualAddress grown));
        ExpectGuards(process, grown, 0, 4, 8, 9);
        Assert.Equal(Errno.None, process.TryRemap(new(grown, 8 * PageBytes, 4 * PageBytes), out _));
        ExpectGuards(process, grown, 0, 4, 5, 6, 7, 8, 9);
    });

    [Theory]
    [MemberData(nameof(Backings))]
    public void guard_regions_fork(string backing) => With(backing, (host, process, at) =>
    {
        process.Advise(at, 5, MemoryAdvice.GuardInstall);
        AddressSpace child = host.Fork(process);
        ExpectGuards(child, at, 0, 1, 2, 3, 4);
        child.Advise(at, 5, MemoryAdvice.GuardRemove);
        ExpectGuards(child, at);
        ExpectGuards(process, at, 0, 1, 2, 3, 4);
    });

    [Fact]
    public void fork_cow_wipeonfork() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(10);
        process.Put(at, Numbers(10));
        process.Advise(at, 5, MemoryAdvice.GuardInstall);
        AddressSpace child = host.Fork(process);
        child.Put(at.At(5), Fill(5, 0x33));
        process.Expect(at.At(5), Numbers(5, 6));
        process.Advise(at, 10, MemoryAdvice.WipeOnFork);
        AddressSpace wiped = host.Fork(process);
        ExpectGuards(wiped, at);
        wiped.Expect(at, Fill(10, 0));
        ExpectGuards(process, at, 0, 1, 2, 3, 4);
    });

    [Fact]
    public void lazyfree_pageout_populate() => Run(host =>
    {
        Assert.Equal(Errno.None, host.Memory.AddSwap(new MemorySwapStore(64), out _));
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(10);
        process.Put(at, Numbers(10));
        process.Advise(at.At(2), 2, MemoryAdvice.GuardInstall);
        process.Advise(at, 10, MemoryAdvice.Free);
        ExpectGuards(process, at, 2, 3);
        process.Advise(at, 10, MemoryAdvice.PageOut);
        ExpectGuards(process, at, 2, 3);
        Assert.Equal(Errno.EFAULT, process.TryAdvise(at, 10 * PageBytes, MemoryAdvice.PopulateRead));
        Assert.Equal(Errno.EFAULT, process.TryAdvise(at, 10 * PageBytes, MemoryAdvice.PopulateWrite));
        Assert.Equal(Errno.EFAULT, process.TryPin(at, 10 * PageBytes, PinFlags.None, out _));
    });

    [Fact]
    public void truncation_and_pagemap() => With("shared memory", (host, process, at) =>
    {
        process.Advise(at.At(3), 1, MemoryAdvice.GuardInstall);
        Assert.Equal(PagemapFlags.GuardRegion, process.FlagsOf(at.At(3)) & PagemapFlags.GuardRegion);
        Assert.Equal(PagemapFlags.None, process.FlagsOf(at.At(4)) & PagemapFlags.GuardRegion);
        SharedMemoryFile file = (SharedMemoryFile)process.FindArea(at)!.File!;
        file.SetLength(2 * PageBytes);
        Assert.Equal(AccessOutcome.BusError, process.Touch(at.At(4)));
        Assert.Equal(AccessOutcome.MapError, process.Touch(at.At(3)));
        file.SetLength(10 * PageBytes);
        ExpectGuards(process, at, 3);
    });

    [Fact]
    public void AGuardInAHugePage_BreaksIt() => Run(host =>
    {
        AddressSpace process = host.Process();
        VirtualAddress at = process.Map(512);
        process.Advise(at, 512, MemoryAdvice.HugePage);
        process.Put(at, Fill(512, 8));
        process.Advise(at.At(100), 1, MemoryAdvice.GuardInstall);
        Assert.Equal(AccessOutcome.MapError, process.Touch(at.At(100)));
        process.Expect(at, Fill(100, 8));
        process.Advise(at, 512, MemoryAdvice.GuardRemove);
        process.Expect(at.At(100), Fill(1, 0));
    });

    private static void ExpectGuards(AddressSpace process, VirtualAddress at, params int[] guards)
    {
        for (int page = 0; page < 10; page++)
        {
            Assert.Equal((page, guards.Contains(page) ? AccessOutcome.MapError : AccessOutcome.Done), (page, process.Touch(at.At(page))));
        }
    }

    private static void With(string backing, Action<SelftestHost, AddressSpace, VirtualAddress> test) => Run(host =>
    {
        AddressSpace process = host.Process();
        MemoryFile? file = backing switch
        {
            "shared memory" => host.Last(new SharedMemoryFile(host.Memory, "memfd", 10 * PageBytes)),
            "file" => host.Last(new StoredFile(host.Memory, "file", new ByteStore(10 * PageBytes))),
            _ => null,
        };
        test(host, process, process.Map(10, file: file, isShared: file is not null));
    });
}
