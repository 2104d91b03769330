// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Memory;
using Physr.Mm;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>Lost bytes: listed, met by reads, DMA and mappers, mended by writes (row R89).</summary>
public sealed class BadBlockTests : IDisposable
{
    private readonly PhysicalMemory _memory = PhysicalMemory.Create(32 * MiB);
    private readonly PmemHost _host;
    private readonly HostBytes _bytes = new();

    public BadBlockTests()
    {
        _host = new(64 * MiB, _memory.Map);
        _bytes.Attach(_host.Region.Range.Start, _host.Region.Data);
    }

    public void Dispose()
    {
        _memory.Dispose();
        _host.Dispose();
    }

    [Fact]
    public void TheyAreListedAsSysfsDoes_CountedFromTheData()
    {
        PmemNamespace fsdax = _host.Enable(new(NamespaceMode.FsDax));
        Assert.Equal("", fsdax.BadBlocks);
        _host.Region.InjectErrors((2 * MiB) + 700, 10, notify: false);
        _host.Region.InjectErrors((2 * MiB) + (100 * 512), 3 * 512, notify: false);
        Assert.Equal("1 1\n100 3\n", fsdax.BadBlocks);
        Assert.True(BadBlocksText.TryParse(fsdax.BadBlocks, out IReadOnlyList<(ulong, ulong)> read, out _));
        Assert.Equal([(1UL, 1UL), (100UL, 3UL)], read);
        Assert.False(BadBlocksText.TryParse("1 2\nx 3\n", out _, out string reason));
        Assert.Contains("'x 3'", reason, StringComparison.Ordinal);
        Assert.False(BadBlocksText.TryParse("1 0", out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => _host.Region.InjectErrors(64 * MiB, 1, notify: false));
    }

    [Theory]
    [InlineData(NamespaceMode.Raw)]
    [InlineData(NamespaceMode.FsDax)]
    public void AReadIsAnIoError_AWriteMends(NamespaceMode mode)
    {
        PmemNamespace each = _host.Enable(new(mode) { Size = 32 * MiB });
        using BlockDevice disk = each.OpenBlockDevice(_bytes);
        ulong data = each.DataRange.Start.OffsetFrom(_host.Region.Range.Start);
        _host.Region.InjectErrors(data + (10 * 512), 512, notify: true);

        // The other end of the bio: the last 8 KiB of the region.
        RangeList other = RangeList.Of(new(_host.Region.Range.Start.Add((64 * MiB) - 8192), 4096));
        Assert.Equal(BlockStatus.Medium, disk.Execute(new(BioOperation.Read, 8, other.All)));
        Assert.Equal("10 1\n", each.BadBlocks);
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Write, 8, other.All)));
        Assert.Equal("", each.BadBlocks);
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Read, 8, other.All)));
        if (each.Pagemap is { } pagemap)
        {
            Assert.True(pagemap.TryGetPage(each.DataRange.Start.Add(4096).Frame, out DevicePage page));
            Assert.Equal(PageFlags.None, page.Flags & PageFlags.Poisoned);
        }
    }

    [Fact]
    public void DmaMeetsThem_NoRangesAreGiven_AndABioFromLostMemoryFails()
    {
        PmemNamespace source = _host.Enable(new(NamespaceMode.Raw) { Size = 16 * MiB });
        PmemNamespace target = _host.Enable(new(NamespaceMode.Raw) { Size = 16 * MiB });
        _host.Region.InjectErrors(MiB, 1, notify: true);
        using RangeListBuilder list = RangeListBuilder.Rent();
        Assert.Equal(Errno.EIO, source.Dax!.TryDirectAccess(MiB - 4096, 8192, DirectAccess.Read, list, out string reason));
        Assert.Contains("lost bytes", reason, StringComparison.Ordinal);
        Assert.Equal(0, list.EntryCount);
        using BlockDevice disk = target.OpenBlockDevice(_bytes);
        RangeList lost = RangeList.Of(new(source.Range.Start.Add(MiB), 4096));
        Assert.Equal(BlockStatus.Medium, disk.Execute(new(BioOperation.Write, 0, lost.All)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new(BioOperation.Write, 0, RangeList.Of(new(source.Range.Start, 4096)).All)));
    }

    [Fact]
    public void R89b_R89d_EveryMapperIsToldOnce()
    {
        PmemNamespace fsdax = _host.Enable(new(NamespaceMode.FsDax));
        _memory.AttachBytes(_host.Region.Range, new MediaBytes(_host.Region.Data, _host.Region.Range.Start));
        using DaxFile file = new(_memory, "/mnt/pmem/file", fsdax.Pagemap!, fsdax.DataRange.Start.Frame, 4 * MiB);
        AddressSpace[] spaces = [new(_memory, "one"), new(_memory, "two"), new(_memory, "three")];
        List<(AddressSpace, VirtualAddress)> hurt = [];
        _memory.MapperHurt += (space, address) => hurt.Add((space, address));
        List<VirtualAddress> places = [];
        foreach (AddressSpace space in spaces)
        {
            Assert.Equal(Errno.None, space.TryMap(new(4 * MiB, Protection.ReadWrite) { File = file, IsShared = true }, out VirtualAddress at));
            Assert.Equal(AccessOutcome.Done, space.Store(at.Add(8192), 1UL));
            places.Add(at);
        }

        LostMemory told = Assert.Single(_host.Region.InjectErrors((2 * MiB) + 8192 + 64, 1, notify: true));
        Assert.Equal((fsdax, Errno.None, 512UL), (told.Namespace, told.Handled, told.Range.Length));
        Assert.Equal(spaces.Zip(places, static (space, at) => (space, at.Add(8192))).ToHashSet(), hurt.ToHashSet());
        Assert.Equal(3, hurt.Count);
        Assert.Single(_host.Region.ScanErrors());
        Assert.Equal(3, hurt.Count);
        Assert.Equal(AccessOutcome.Poisoned, spaces[1].Load(places[1].Add(8192), out ulong _));
        Assert.Equal(AccessOutcome.Done, spaces[1].Load(places[1].Add(4096), out ulong _));
        foreach (AddressSpace space in spaces)
        {
            space.Dispose();
        }
    }

    [Fact]
    public void R89a_AFileSystemThatHandlesItIsAsked_AndNobodyIsKilled()
    {
        PmemNamespace fsdax = _host.Create(new(NamespaceMode.FsDax));
        List<(PageFrameNumber, ulong, MemoryFailureFlags)> asked = [];
        fsdax.MemoryFailure = (_, frame, pages, flags) =>
        {
            asked.Add((frame, pages, flags));
            return Errno.None;
        };
        Assert.Equal(Errno.None, fsdax.TryEnable(out _));
        int poisoned = 0;
        _memory.Map.PagePoisoned += (_, _) => poisoned++;
        _host.Region.InjectErrors((2 * MiB) + 4096 - 512, 1024, notify: true);
        Assert.Equal([(fsdax.DataRange.Start.Frame, 2UL, MemoryFailureFlags.ActionRequired)], asked);
        Assert.Equal(0, poisoned);
    }

    [Fact]
    public void R89c_LostDescriptorsCannotBeRecovered()
    {
        PmemNamespace fsdax = _host.Enable(new(NamespaceMode.FsDax) { Map = MapLocation.Device });
        ulong data = fsdax.Layout!.Value.DataOffset;
        IReadOnlyList<LostMemory> told = _host.Region.InjectErrors(data - 512, 1024, notify: true);
        Assert.Equal([Errno.ENXIO, Errno.None], told.Select(static each => each.Handled));
        Assert.Equal([512UL, 512UL], told.Select(static each => each.Range.Length));
        Assert.Equal("0 1\n", fsdax.BadBlocks);
    }

    [Fact]
    public void AScrubFindsWhatNobodyHasMetYet_AndSaysWhoseItIs()
    {
        PmemNamespace raw = _host.Enable(new(NamespaceMode.Raw) { Size = 8 * MiB });
        PmemNamespace devdax = _host.Enable(new(NamespaceMode.DevDax) { Size = 8 * MiB });
        List<PageFrameNumber> poisoned = [];
        _memory.Map.PagePoisoned += (page, _) => poisoned.Add(page.Frame);
        Assert.Empty(_host.Region.InjectErrors(MiB, 512, notify: false));
        _host.Region.InjectErrors((12 * MiB) + 5000, 1, notify: false);
        _host.Region.InjectErrors((16 * MiB) - 512, 1024, notify: false);
        Assert.Empty(poisoned);
        IReadOnlyList<LostMemory> found = _host.Region.ScanErrors();
        Assert.Equal([raw, devdax, devdax, null], found.Select(static each => each.Namespace));
        Assert.Equal([12 * MiB, 14 * MiB], poisoned.Select(frame => frame.Address.OffsetFrom(_host.Region.Range.Start)));
        Assert.Equal(4, _host.Region.ScanErrors().Count);
        Assert.Equal(2, poisoned.Count);
        Assert.Equal(Errno.None, devdax.Dax!.TryClearErrors(0, devdax.Dax.Length, out ulong cleared));
        Assert.Equal(1024UL, cleared);
        Assert.Equal(2, _host.Region.ScanErrors().Count);
    }
}
