// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm.Tests;

/// <summary>Files whose bytes are memory already: mapped where they are.</summary>
public sealed class DaxFileTests : IDisposable
{
    private const ulong Length = 1UL << 20;
    private static readonly PhysicalRange s_range = new(new(8UL << 30), 4UL << 20);
    private readonly PhysicalMemory _memory = PhysicalMemory.Create(32UL << 20);
    private readonly Pagemap _pagemap = new() { Type = MemoryType.FsDax, Name = "pmem0" };
    private readonly NativeRam _bytes = new(s_range);

    public DaxFileTests()
    {
        _pagemap.Ranges.Add(s_range);
        Assert.Equal(Errno.None, _memory.Map.Register(_pagemap));
        _memory.AttachBytes(s_range, _bytes);
    }

    public void Dispose()
    {
        Assert.Equal(0, _pagemap.UserCount);
        Assert.Equal(Errno.None, _memory.Map.TryUnregister(_pagemap));
        _memory.Dispose();
        _bytes.Dispose();
    }

    [Fact]
    public void WritesOfOneProcessReachTheMemoryItself_AndTheOtherProcess()
    {
        using DaxFile file = new(_memory, "/mnt/pmem/file", _pagemap, s_range.Start.Frame, Length);
        using AddressSpace one = new(_memory, "one");
        using AddressSpace other = new(_memory, "other");
        VirtualAddress here = Map(one, file, isShared: true);
        VirtualAddress there = Map(other, file, isShared: true);
        Assert.Equal(AccessOutcome.Done, one.Store(here.Add(4096 + 8), 77UL));
        Assert.Equal(AccessOutcome.Done, other.Load(there.Add(4096 + 8), out ulong seen));
        Assert.Equal(77UL, seen);
        Assert.Equal(77UL, BitConverter.ToUInt64(_bytes.BlockAt(s_range.Start)[(4096 + 8)..]));
        Assert.Equal(0, one.AnonymousPages);
        Assert.Equal(AccessOutcome.BusError, Beyond(one, file));
    }

    [Fact]
    public void APrivateMappingWritesOnACopyInRam()
    {
        using DaxFile file = new(_memory, "/mnt/pmem/file", _pagemap, s_range.Start.Frame, Length);
        using AddressSpace space = new(_memory, "process");
        VirtualAddress at = Map(space, file, isShared: false);
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
        Assert.Equal(AccessOutcome.Done, space.Store(at, 5UL));
        Assert.Equal(0UL, BitConverter.ToUInt64(_bytes.BlockAt(s_range.Start)));
        Assert.Equal(1, space.AnonymousPages);
    }

    [Fact]
    public void ItsPagesAreHeldForATransfer_NeverForLong()
    {
        using DaxFile file = new(_memory, "/mnt/pmem/file", _pagemap, s_range.Start.Frame, Length);
        using AddressSpace space = new(_memory, "process");
        VirtualAddress at = Map(space, file, isShared: true);
        Assert.Equal(Errno.EOPNOTSUPP, space.TryPin(at, Length, PinFlags.Write | PinFlags.LongTerm, out _));
        Assert.Equal(Errno.None, space.TryPin(at, Length, PinFlags.Write, out PinnedMemory? pinned));
        Assert.Equal(1, pinned!.Frames.EntryCount);
        Assert.Equal(s_range.Start, pinned.Frames.Seek(0).Range.Start);
        pinned.Dispose();
        Assert.Equal(0, _memory.Pins);
    }

    private static VirtualAddress Map(AddressSpace space, DaxFile file, bool isShared)
    {
        Assert.Equal(Errno.None, space.TryMap(new(Length, Protection.ReadWrite) { File = file, IsShared = isShared }, out VirtualAddress at));
        return at;
    }

    private static AccessOutcome Beyond(AddressSpace space, DaxFile file)
    {
        Assert.Equal(Errno.None, space.TryMap(new(Length, Protection.ReadWrite) { File = file, IsShared = true, Offset = Length / 2 }, out VirtualAddress at));
        return space.Load(at.Add(Length / 2), out byte _);
    }
}
