// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Mapped;
using Physr.Linux.Memory;

namespace Physr.Linux.Tests.Mapped;

/// <summary>What is asked of pages is seen in what the kernel tells of them.</summary>
[Collection(HugePages.Collection)]
public sealed class MappedAdviceTests : IDisposable
{
    private static readonly nuint s_page = (nuint)Environment.SystemPageSize;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ForksAndDumpsLeaveOutWhatTheyAreToldTo()
    {
        using MappedMemory memory = Guarded(new() { DontFork = true, DontDump = true });
        Assert.Superset(new HashSet<string>(["dc", "dd"], StringComparer.Ordinal), new HashSet<string>(MapOf(memory).Flags, StringComparer.Ordinal));
        memory.Advise(0, memory.Length, MemoryAdvice.DoFork);
        memory.Advise(0, memory.Length, MemoryAdvice.DoDump);
        Assert.DoesNotContain(MapOf(memory).Flags, static flag => flag is "dc" or "dd");
        using MappedMemory plain = Guarded(new());
        Assert.DoesNotContain(MapOf(plain).Flags, static flag => flag is "dc" or "dd");
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[4096]);
        using MappedMemory file = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite, DontFork = true });
        Assert.Contains("dc", MapOf(file).Flags);
    }

    [Fact]
    public void NobodyTouchesTheGuards()
    {
        using MappedMemory memory = Guarded(new());
        SelfMaps map = MapOf(memory);
        Assert.Equal(("rw-p", memory.Length), (map.Protection, (nuint)(map.End - map.Start)));
        Assert.Equal(("---p", "---p"), (SelfMaps.At(map.Start - 1)?.Protection, SelfMaps.At(map.End)?.Protection));
        Assert.Equal((Errno.EFAULT, Errno.EFAULT), (Peek(map.Start - 1), Peek(map.End)));
        Assert.Equal((Errno.None, Errno.None), (Peek(map.Start), Peek(map.End - 1)));
        foreach (nuint pages in (nuint[])[3, 11])
        {
            memory.Resize(pages * s_page);
            map = MapOf(memory);
            Assert.Equal((nint)(pages * s_page), map.End - map.Start);
            Assert.Equal((Errno.EFAULT, Errno.EFAULT, Errno.None), (Peek(map.Start - 1), Peek(map.End), Peek(map.End - 1)));
        }
    }

    [Fact]
    public void NothingIsLeft_WhateverWasGuardedAlignedAndMoved()
    {
        int before = SelfMaps.Count("");
        for (int turn = 0; turn < 200; turn++)
        {
            using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 4 * s_page, HasGuards = true, Alignment = 16 * s_page });
            memory.Resize(30 * s_page);
            memory.Resize(s_page);
            using MappedMemory plain = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = s_page, Alignment = 2 << 20 });
            plain.Resize(2 * s_page);
            Assert.Equal(Errno.ENOMEM, plain.TryResize((nuint)1 << 46, out _));
        }

        // The runtime, and tests beside this one, map some, too.
        Assert.InRange(SelfMaps.Count(""), 0, before + 150);
    }

    [Fact]
    public void LockedPagesAreLocked_AndUnlockedOnesAreNot()
    {
        using MappedMemory memory = Guarded(new() { Locks = true });
        Assert.Contains("lo", MapOf(memory).Flags);
        Assert.Equal(memory.Length, MapOf(memory).Bytes("Locked"));
        Assert.Equal(Errno.EINVAL, memory.TryDiscard(0, s_page, out string reason));
        Assert.Contains("locked", reason, StringComparison.Ordinal);
        memory.Unlock(0, memory.Length);
        Assert.DoesNotContain("lo", MapOf(memory).Flags);
        memory.Discard(0, s_page);
        memory.Lock(s_page + 1, 1);
        Assert.Equal(s_page, MapOf(memory, s_page).Bytes("Locked"));
    }

    [Fact]
    public void PagesComeInWhenTheyAreAskedFor_AndGoWhenTheyAreDiscarded()
    {
        using MappedMemory memory = Guarded(new() { Length = 8 * s_page });
        Assert.Equal((nuint)0, Resident(memory));
        memory.Populate(s_page + 1, s_page, forStores: true);
        Assert.Equal((nuint)2, Resident(memory));
        memory.Span(0, (int)memory.Length).Fill(1);
        Assert.Equal((nuint)8, Resident(memory));
        memory.Discard(2 * s_page, 3 * s_page);
        Assert.Equal((nuint)5, Resident(memory));
        Assert.False(memory.ReadOnlySpan(2 * s_page, 3 * (int)s_page).ContainsAnyExcept((byte)0));
        Assert.Equal(1, memory.ReadOnlySpan((2 * s_page) - 1, 1)[0]);
        using MappedMemory populated = Guarded(new() { Populates = true });
        Assert.Equal(populated.Length / s_page, Resident(populated));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DiscardingWhatIsSharedMakesAHole_ForEverybody(bool isFile)
    {
        MappedMemoryOptions options = new() { Access = MappedAccess.ReadWrite, Length = 4 * s_page };
        using MappedMemory memory = isFile ? MappedMemory.Create(_folder.File("file"), options) : MappedMemory.CreateInMemory("physr-hole", options);
        using MappedMemory other = MappedMemory.Open(memory.File!, options);
        memory.Window(0, memory.Length).Fill(9);
        memory.Discard(s_page, 2 * s_page);
        Assert.Equal(0, Interop.LibC.Statx(memory.File!, "", Interop.PathFlags.AT_EMPTY_PATH, Interop.StatxMask.STATX_BASIC_STATS, out Interop.StatxRecord record));
        Assert.Equal((4 * s_page, 2 * s_page), ((nuint)record.Size, (nuint)record.Blocks * 512));
        Assert.False(other.ReadOnlySpan(s_page, 2 * (int)s_page).ContainsAnyExcept((byte)0));
        Assert.Equal((9, 9), (other.ReadOnlySpan(s_page - 1, 1)[0], other.ReadOnlySpan(3 * s_page, 1)[0]));
    }

    [Fact]
    public void MemoryIsSharedWithForks_WhereThatIsAsked()
    {
        using MappedMemory memory = Guarded(new() { IsShared = true });
        Assert.Equal("rw-s", MapOf(memory).Protection);
        memory.Span(0, 1)[0] = 1;
        memory.Discard(0, s_page);
        Assert.Equal(0, memory.ReadOnlySpan(0, 1)[0]);
    }

    [Fact]
    public void AFilesPagesComeInAheadOfTheirUse()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[64 * s_page]);
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite });
        memory.Prefetch(0, memory.Length);
        memory.Populate(0, memory.Length);
        Assert.Equal((nuint)64, Resident(memory));
        foreach (MemoryAdvice advice in (MemoryAdvice[])[MemoryAdvice.Random, MemoryAdvice.Sequential, MemoryAdvice.Normal, MemoryAdvice.Cold, MemoryAdvice.WillNeed])
        {
            memory.Advise(1, 1, advice);
        }

        Assert.Equal(0, memory.ReadOnlySpan((64 * s_page) - 1, 1)[0]);
    }

    [SkippableFact]
    public void TransparentPagesAreLarge_WhereTheSystemHasThem()
    {
        const string Enabled = "/sys/kernel/mm/transparent_hugepage/enabled";
        Skip.If(!File.Exists(Enabled) || File.ReadAllText(Enabled).Contains("[never]", StringComparison.Ordinal), "this kernel gives no transparent huge pages");
        const int Huge = 2 << 20;
        using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 2 * Huge, Pages = MappedPages.Transparent, HasGuards = true });
        Assert.Contains("hg", MapOf(memory).Flags);
        Assert.Equal(0, MapOf(memory).Start % Huge);
        memory.Window(0, memory.Length).Fill(1);
        nuint huge = MapOf(memory).Bytes("AnonHugePages");
        Skip.If(huge == 0, "no large page is free");
        Assert.Equal(0u, huge % Huge);
    }

    [SkippableFact]
    public void HugePagesAreOfTheSizeThatIsAskedFor()
    {
        using (HugePages.Allow("16"))
        {
            using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 3 << 20, Pages = MappedPages.Huge2MiB });
            Assert.Equal((nuint)2 << 20, memory.PageBytes);
            Assert.Equal("2048 kB", MapOf(memory).Field("KernelPageSize"));
            memory.Window(0, memory.Length).Fill(1);
            Assert.Equal((nuint)2, Resident(memory));
            Assert.Equal(Errno.EINVAL, memory.TryDiscard(4096, 4096, out string reason));
            Assert.Contains("a page of 2097152 bytes", reason, StringComparison.Ordinal);
            memory.Discard(0, 2 << 20);
            Assert.Equal((0, 1), (memory.ReadOnlySpan(5, 1)[0], memory.ReadOnlySpan(2 << 20, 1)[0]));
            using MappedMemory shared = MappedMemory.CreateInMemory("physr-huge", new() { Access = MappedAccess.ReadWrite, Length = 2 << 20, Pages = MappedPages.Huge2MiB });
            using MappedMemory other = MappedMemory.Open(shared.File!, new() { Access = MappedAccess.ReadWrite });
            shared.Span(0, 1)[0] = 5;
            Assert.Equal((5, (nuint)2 << 20), (other.ReadOnlySpan(0, 1)[0], other.PageBytes));
            Assert.Equal(Errno.EINVAL, MappedMemory.TryOpen(shared.File!, new() { Offset = 4096, Length = 4096 }, out _, out reason));
            Assert.Contains("its page of 2097152 bytes", reason, StringComparison.Ordinal);
            using MappedMemory guarded = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 2 << 20, Pages = MappedPages.Huge2MiB, HasGuards = true });
            guarded.Span(0, 2 << 20).Fill(1);
            Assert.Equal("---p", SelfMaps.At(MapOf(guarded).End)?.Protection);
        }

        Errno errno = MappedMemory.TryAllocate(new() { Access = MappedAccess.ReadWrite, Length = (nuint)1 << 40, Pages = MappedPages.Huge2MiB }, out _, out string why);
        Assert.Equal(Errno.ENOMEM, errno);
        Assert.Contains("hugepages-2048kB/nr_hugepages", why, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void HugePagesThatHaveRunOutAreAResult_NotTheEnd()
    {
        Skip.IfNot(File.Exists(HugePages.Surplus) && File.ReadAllText(HugePages.Surplus).Trim() == "0" && File.ReadAllText("/proc/sys/vm/nr_hugepages").Trim() == "0", "this system has huge pages set aside");
        using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 2 << 20, Pages = MappedPages.Huge2MiB, NoReserve = true });
        byte[] bytes = new byte[10];
        Assert.Equal(Errno.EIO, memory.TryCopyTo(0, bytes.AsSpan(), out nuint copied, out string reason));
        Assert.Equal(Errno.EIO, memory.TryCopyFrom(bytes.AsSpan(), 0, out copied, out _));
        Assert.Equal(Errno.EIO, memory.TryPopulate(0, 1, true, out _));
        Assert.Equal((nuint)0, copied);
        Assert.Contains("huge pages have run out", reason, StringComparison.Ordinal);
    }

    /// <summary>Memory that merges with no neighbour.</summary>
    private static MappedMemory Guarded(MappedMemoryOptions options) =>
        MappedMemory.Allocate(options with { Access = MappedAccess.ReadWrite, Length = options.Length == 0 ? 4 * s_page : options.Length, HasGuards = true });

    private static SelfMaps MapOf(MappedMemory memory, nuint offset = 0)
    {
        using MappedView view = memory.View(offset, 1);
        return SelfMaps.At(view.Address)!;
    }

    private static nuint Resident(MappedMemory memory)
    {
        Errno errno = memory.TryCountResident(0, memory.Length, out nuint pages, out string reason);
        Assert.True(errno == Errno.None, reason);
        return pages;
    }

    /// <summary>What a load there would meet, without meeting it.</summary>
    private static unsafe Errno Peek(nint address)
    {
        byte found;
        Interop.IoVector here = new() { Base = (nint)(&found), Length = 1 };
        Interop.IoVector there = new() { Base = address, Length = 1 };
        return Interop.LibC.ProcessRead(Environment.ProcessId, &here, 1, &there, 1, 0) == 1 ? Errno.None : Interop.LibC.LastError;
    }
}
