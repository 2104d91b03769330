// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests;

/// <summary>Pages shared by copying, between a parent and its children.</summary>
public sealed class CopyOnWriteTests : IDisposable
{
    private readonly PhysicalMemory _memory = PhysicalMemory.Create(64UL << 20);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void AChildSeesTheParentsBytes_AndEachSideWritesItsOwn()
    {
        long free = _memory.FreePages;
        using (AddressSpace parent = new(_memory, "parent"))
        {
            Assert.Equal(Errno.None, parent.TryMap(new(1 << 20, Protection.ReadWrite), out VirtualAddress at));
            for (ulong page = 0; page < 256; page++)
            {
                Assert.Equal(AccessOutcome.Done, parent.Store(at.Add(page * 4096), page + 1));
            }

            Assert.Equal(256, parent.AnonymousPages);
            Assert.Equal(Errno.None, parent.TryFork("child", out AddressSpace? child));
            using (child)
            {
                Assert.Equal(256, child!.AnonymousPages);
                Assert.Equal(AccessOutcome.Done, child.Store(at, 77UL));
                Assert.Equal(AccessOutcome.Done, parent.Load(at, out ulong mine));
                Assert.Equal(1UL, mine);
                Assert.Equal(AccessOutcome.Done, parent.Store(at.Add(4096), 99UL));
                Assert.Equal(AccessOutcome.Done, child.Load(at.Add(4096), out ulong theirs));
                Assert.Equal(2UL, theirs);
            }

            long before = _memory.FreePages;
            Assert.Equal(AccessOutcome.Done, parent.Store(at.Add(8192), 5UL));
            Assert.Equal(before, _memory.FreePages);
        }

        Assert.Equal(free, _memory.FreePages);
        Assert.Equal(0, _memory.PageTables);
    }

    [Fact]
    public void HugePagesAreSharedWhole_AndBrokenByAWrite()
    {
        long free = _memory.FreePages;
        using (AddressSpace parent = new(_memory, "parent"))
        {
            Assert.Equal(Errno.None, parent.TryMap(new(4 << 20, Protection.ReadWrite), out VirtualAddress at));
            Assert.Equal(Errno.None, parent.TryAdvise(at, 4 << 20, MemoryAdvice.HugePage));
            Assert.Equal(AccessOutcome.Done, parent.Store(at.Add(4096 * 7), 7UL));
            Assert.Equal(512, parent.AnonymousPages);
            Assert.Equal(2UL << 20, parent.Usage().AnonHugePages);
            Assert.Equal(Errno.None, parent.TryFork("child", out AddressSpace? child));
            Assert.Equal(AccessOutcome.Done, child!.Store(at.Add(4096 * 7), 8UL));
            Assert.Equal(AccessOutcome.Done, parent.Load(at.Add(4096 * 7), out ulong seven));
            Assert.Equal(7UL, seven);
            Assert.Equal(0UL, child.Usage().AnonHugePages);
            Assert.Equal(512, child.AnonymousPages);
            Assert.Equal(Errno.None, parent.TryUnmap(at.Add(4096 * 8), 4096 * 3));
            Assert.Equal(509, parent.AnonymousPages);
            child.Dispose();
        }

        Assert.Equal(free, _memory.FreePages);
    }

    [Fact]
    public void PinsKeepTheParentsPage()
    {
        using AddressSpace parent = new(_memory, "parent");
        Assert.Equal(Errno.None, parent.TryMap(new(1 << 20, Protection.ReadWrite), out VirtualAddress at));
        Assert.Equal(Errno.None, parent.TryPin(at, 1 << 20, PinFlags.Write, out PinnedMemory? pinned));
        Assert.Equal(1, pinned!.Frames.EntryCount);
        Assert.Equal(256, _memory.Pins);
        Assert.Equal(Errno.None, parent.TryFork("child", out AddressSpace? child));
        ulong[] words = new ulong[1];
        parent.ReadPagemap(at, words, true);
        ulong before = words[0];
        parent.Store(at, 5UL);
        parent.ReadPagemap(at, words, true);
        Assert.Equal(before, words[0]);
        child!.Dispose();
        pinned.Dispose();
        Assert.Equal(0, _memory.Pins);
    }
}
