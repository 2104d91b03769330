// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>Where files lie: for DMA, for faults, and for those who have pages mapped.</summary>
public sealed class FileMappingTests
{
    private const ulong Base = 1UL << 32;

    [Fact]
    public void R85_FileToAddressAndBack_IsABijection_PartOfAnExtentIsEnough_AndBeyondTheEndIsRefused()
    {
        (FileStore store, MediaDaxDevice device) = NewStore(16 << 20);
        store.TryCreate("first", out StoreFile? first);
        store.TryCreate("second", out StoreFile? second);
        for (ulong i = 0; i < 20; i++)
        {
            Assert.Equal(Errno.None, first!.TryWrite(i * 4096, new byte[4096]));
            Assert.Equal(Errno.None, second!.TryWrite(i * 4096, new byte[4096]));
        }

        HashSet<ulong> seen = [];
        foreach (StoreFile file in new[] { first!, second! })
        {
            for (ulong page = 0; page < 20; page++)
            {
                Assert.True(file.TryFindBlock(page, out ulong at, out bool isShared) && !isShared, "no block");
                RangeList list = Map(file, page * 4096, 4096);
                PhysicalRange range = Assert.Single(Ranges(list));
                Assert.Equal(new(new(Base + at), 4096), range);
                Assert.True(device.TryFindOffset(range.Start, out ulong back) && back == at, "the way back leads elsewhere");
                Assert.True(seen.Add(at), "two pages have one block");
            }
        }

        // A part, across extents, in the order of the file.
        RangeList part = Map(first!, 5000, 30_000);
        Assert.Equal(30_000UL, part.Length);
        first!.TryFindBlock(1, out ulong second4K, out _);
        Assert.Equal(Base + second4K + 904, Ranges(part)[0].Start.Value);
        Assert.Equal(0UL, Map(first, 81_920, 0).Length);
        AssertRefused(first, 81_919, 2, Errno.ENXIO);
        AssertRefused(first, 81_921, 0, Errno.ENXIO);
        AssertRefused(first, ulong.MaxValue, ulong.MaxValue, Errno.ENXIO);
        Assert.False(first.TryFindBlock(20, out _, out _));
        Assert.False(first.TryFindBlock(ulong.MaxValue, out _, out _));
    }

    [Fact]
    public void AHole_HasNoRanges_UntilItHasBlocks()
    {
        (FileStore store, _) = NewStore(1 << 20);
        store.TryCreate("a", out StoreFile? file);
        file!.TrySetLength(10_000);
        AssertRefused(file, 0, 10_000, Errno.ENODATA);
        ulong free = store.FreeBlocks;
        Assert.Equal(Errno.None, file.TryAllocateBlock(1, out ulong at));
        Assert.True(file.TryFindBlock(1, out ulong found, out _) && found == at, "another block");
        Assert.Equal(Errno.None, file.TryAllocateBlock(1, out found));
        Assert.Equal(at, found);
        Assert.Equal(free - 1, store.FreeBlocks);
        Assert.Equal(Errno.ENXIO, file.TryAllocateBlock(3, out _));
        Assert.Equal(4096UL, Map(file, 4096, 4096).Length);
        Assert.Equal(Errno.None, file.TryAllocate(0, 10_000));
        Assert.Equal(10_000UL, Map(file, 0, 10_000).Length);
    }

    [Fact]
    public void ASharedBlock_IsReadWhereItLies_AndCopiedBeforeItIsWritten()
    {
        (FileStore store, _) = NewStore(1 << 20);
        store.TryCreate("a", out StoreFile? file);
        file!.TryWrite(0, [.. Enumerable.Repeat((byte)5, 8192)]);
        ulong free = store.FreeBlocks;
        Assert.Equal(Errno.None, store.TryClone(file, "b", out StoreFile? clone));
        Assert.Equal(free, store.FreeBlocks);
        Assert.Equal(Ranges(Map(file, 0, 8192)), Ranges(Map(clone!, 0, 8192)));
        using RangeListBuilder list = RangeListBuilder.Rent();
        Assert.Equal(Errno.EOPNOTSUPP, clone!.TryMapExtents(0, 8192, DirectAccess.Write, list, out string reason));
        Assert.Contains("shares blocks", reason, StringComparison.Ordinal);
        Assert.True(clone.TryFindBlock(1, out ulong before, out bool isShared) && isShared, "not shared");
        Assert.Equal(Errno.None, clone.TryAllocateBlock(1, out ulong after));
        Assert.NotEqual(before, after);
        Assert.True(file.TryFindBlock(1, out ulong kept, out isShared) && !isShared && kept == before, "the other file's block went");
        byte[] read = new byte[8192];
        clone.TryRead(0, read, out _);
        Assert.DoesNotContain(read, static each => each != 5);
        Assert.Equal(Errno.None, clone.TryMapExtents(4096, 4096, DirectAccess.Write, list, out _));
        Assert.Equal(Errno.EOPNOTSUPP, clone.TryMapExtents(0, 8192, DirectAccess.Write, list, out _));
        Assert.Empty(store.Check());
    }

    [Fact]
    public void LargeFiles_LieSoThatLargePagesCanMapThem()
    {
        (FileStore store, _) = NewStore(16 << 20);
        store.TryCreate("small", out StoreFile? small);
        small!.TryWrite(0, new byte[3 * 4096]);
        store.TryCreate("large", out StoreFile? large);
        Assert.Equal(Errno.None, large!.TryAllocate(0, 4 << 20));
        Extent extent = Assert.Single(large.Extents);
        Assert.Equal(0UL, extent.Block % 512);
        Assert.Equal(1024UL, extent.Count);
        Assert.Equal(Errno.None, large.TryAllocate(4 << 20, 2 << 20));
        Assert.Single(large.Extents);
    }

    [Fact]
    public void R83_WhoMapsAFile_IsAskedBeforePagesGo_AndMayRefuse()
    {
        (FileStore store, _) = NewStore(1 << 20);
        store.TryCreate("a", out StoreFile? file);
        file!.TryWrite(0, new byte[40_000]);
        store.TryCreate("b", out StoreFile? other);
        other!.TryWrite(0, new byte[4096]);
        Asked asked = new(store);
        store.Mappings = asked;
        (Func<Errno> Operation, string Expected)[] cases =
        [
            (() => file.TrySetLength(10_000), "a 3+7"),
            (() => file.TryPunchHole(4096, 8192), "a 1+2"),
            (() => store.TryClone(file, "c", out _), "a 0+10"),
            (() => store.TryUnlink("a"), "a 0+10"),
            (() => store.TryRename("b", "a"), "a 0+10"),
        ];
        foreach (Errno refusal in new[] { Errno.EBUSY, Errno.EINTR })
        {
            foreach ((Func<Errno> operation, string expected) in cases)
            {
                asked.Answer = refusal;
                asked.Questions.Clear();
                ulong free = store.FreeBlocks;
                IReadOnlyList<Extent> extents = file.Extents;
                Assert.Equal(refusal, operation());
                Assert.Equal([expected], asked.Questions);
                Assert.Equal(free, store.FreeBlocks);
                Assert.Equal(extents, file.Extents);
                Assert.Equal(["a", "b"], store.List());
                Assert.Equal(40_000UL, file.Length);
                Assert.Empty(store.Check());
            }
        }

        asked.Answer = Errno.None;
        Assert.Equal(Errno.None, file.TryPunchHole(4096, 8192));
        Assert.Equal(Errno.None, store.TryClone(file, "c", out StoreFile? clone));
        asked.Questions.Clear();
        asked.Answer = Errno.EBUSY;
        ulong before = store.FreeBlocks;
        Assert.Equal(Errno.EBUSY, clone!.TryWrite(0, [1]));
        Assert.Equal(Errno.EBUSY, clone.TryAllocateBlock(2, out _));
        Assert.Equal(["c 0+1", "c 2+1"], asked.Questions);
        Assert.Equal(before, store.FreeBlocks);
        asked.Questions.Clear();
        store.TryOpen("b", out other);
        Assert.Equal(Errno.None, other!.TryWrite(0, [1]));
        Assert.Empty(asked.Questions);
        Assert.Empty(store.Check());
    }

    private static (FileStore Store, MediaDaxDevice Device) NewStore(ulong bytes)
    {
        MediaDaxDevice device = new(new MemoryMedia("pmem0", bytes), new(Base));
        Assert.Equal(Errno.None, FileStore.TryFormat(device, out _));
        Assert.Equal(Errno.None, FileStore.TryMount(device, out FileStore? store, out _));
        return (store!, device);
    }

    private static RangeList Map(StoreFile file, ulong offset, ulong length)
    {
        using RangeListBuilder list = RangeListBuilder.Rent();
        Errno errno = file.TryMapExtents(offset, length, DirectAccess.Read, list, out string reason);
        Assert.True(errno == Errno.None && reason.Length == 0, reason);
        return list.Build();
    }

    private static List<PhysicalRange> Ranges(RangeList list)
    {
        List<PhysicalRange> ranges = [];
        foreach (ProvidedRange each in list)
        {
            ranges.Add(each.Range);
        }

        return ranges;
    }

    private static void AssertRefused(StoreFile file, ulong offset, ulong length, Errno expected)
    {
        using RangeListBuilder list = RangeListBuilder.Rent();
        Assert.Equal(expected, file.TryMapExtents(offset, length, DirectAccess.Read, list, out string reason));
        Assert.NotEqual("", reason);
        Assert.Equal(0UL, list.Length);
    }

    /// <summary>Notes what it is asked, and sees that nothing has gone yet.</summary>
    private sealed class Asked(FileStore store) : IFileMappings
    {
        public List<string> Questions { get; } = [];

        public Errno Answer { get; set; }

        public Errno BeforeExtentsGo(StoreFile file, ulong firstPage, ulong pages)
        {
            Questions.Add($"{file.Name} {firstPage}+{pages}");
            Assert.Contains(file.Name, store.List());
            Assert.True(file.Length > firstPage * 4096, "the pages are gone already");
            return Answer;
        }
    }
}
