// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Storage.Tests.Dax;

/// <summary>Page descriptors that exist from the first mapping to the last (mission text 004; rows R80 to R82).</summary>
public sealed class DescriptorsOnDemandTests : IDisposable
{
    private const long PerBlock = 512;
    private readonly PagelessRegion _region = new();

    public void Dispose() => _region.Dispose();

    [Fact]
    public void R80a_APagelessMappingIsRefusedToPins_ForATransferAndForARegistration()
    {
        using DeviceFile pageless = new(_region.Memory, "/dev/pmem0", new(PagelessRegion.Range.Start, 1 << 20));
        using AddressSpace space = new(_region.Memory, "process");
        Assert.Equal(Errno.None, space.TryMap(new(1 << 20, Protection.ReadWrite) { File = pageless, IsShared = true }, out VirtualAddress at));
        Assert.Equal(AccessOutcome.Done, space.Store(at, 7UL));
        Assert.Equal(7, _region.ByteAt(0));
        Assert.Equal(Errno.EFAULT, space.TryPin(at, 4096, PinFlags.Write, out _));
        Assert.Equal(Errno.EFAULT, space.TryPin(at, 4096, PinFlags.Write | PinFlags.LongTerm, out _));
        Assert.Equal(0, _region.Descriptors);
    }

    [Fact]
    public void R80b_WithDescriptorsATransferIsHeld_AndCarriesTheRegionsProvider()
    {
        using PlacedFile file = _region.File("/mnt/a", 16).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(Errno.None, space.TryPin(at, 16 * 4096, PinFlags.Write, out PinnedMemory? pinned));
        ProvidedRange range = Assert.Single(ToArray(pinned!.Frames));
        Assert.Equal(new PhysicalRange(PagelessRegion.Range.Start.Add(8 * 4096), 16 * 4096), range.Range);
        Assert.Equal(_region.Provider.Index, range.Provider);
        pinned.Dispose();
    }

    [Fact]
    public void R80b_ARegistrationForLongWorksOnDeviceDax_WhichNobodyTruncates()
    {
        Pagemap devdax = new() { Type = MemoryType.Generic, Name = "dax0.0" };
        devdax.Ranges.Add(PagelessRegion.Range);
        Assert.Equal(Errno.None, _region.Memory.Map.Register(devdax));
        using (DaxFile device = new(_region.Memory, "/dev/dax0.0", devdax, PagelessRegion.Range.Start.Frame, PagelessRegion.Range.Length))
        using (AddressSpace space = new(_region.Memory, "process"))
        {
            Assert.Equal(Errno.None, space.TryMap(new(4 << 20, Protection.ReadWrite) { File = device, IsShared = true }, out VirtualAddress at));
            Assert.Equal(Errno.None, space.TryPin(at, 4 << 20, PinFlags.Write | PinFlags.LongTerm, out PinnedMemory? pinned));
            Assert.Equal(new ProvidedRange(new(PagelessRegion.Range.Start, 4 << 20), _region.Provider.Index), Assert.Single(ToArray(pinned!.Frames)));
            pinned.Dispose();
        }

        Assert.Equal(Errno.None, _region.Memory.Map.TryUnregister(devdax));
    }

    [Fact]
    public void R91_AMappingSurvivesEachShortage_AndLeavesNothing()
    {
        FailNth.Repeat(least: 3, static failing =>
        {
            LaterGate gate = new(failing);
            using PagelessRegion region = new(new() { AllocationGate = gate });
            using PlacedFile file = region.File("/mnt/a", 600).At(512);
            using AddressSpace space = new(region.Memory, "process");
            gate.IsArmed = true;
            Errno errno = space.TryMap(new(file.Length, Protection.ReadWrite) { File = file.File, IsShared = true }, out VirtualAddress at);
            bool passed = errno == Errno.None && space.Store(at.Add(520 * 4096), 1UL) == AccessOutcome.Done;
            gate.IsArmed = false;
            if (errno == Errno.None)
            {
                Assert.Equal(AccessOutcome.Done, space.Store(at.Add(520 * 4096), 1UL));
                Assert.Equal(Errno.None, space.TryUnmap(at, file.Length));
            }

            Assert.Equal(0, region.Descriptors);
            return passed;
        });
    }

    [Fact]
    public void R80c_NoneBeforeTheFirstMapping_OneSetForAnyNumberOfAliases_NoneAfterTheLast()
    {
        using PlacedFile file = _region.File("/mnt/a", 16).At(8);
        using AddressSpace one = new(_region.Memory, "one");
        using AddressSpace other = new(_region.Memory, "other");
        Assert.Equal(0, _region.Descriptors);
        VirtualAddress first = file.Map(one);
        Assert.Equal(PerBlock, _region.Descriptors);
        VirtualAddress second = file.Map(one);
        VirtualAddress third = file.Map(other, isShared: false);
        Assert.Equal(AccessOutcome.Done, one.Store(first, 1UL));
        Assert.Equal(AccessOutcome.Done, other.Load(third, out ulong seen));
        Assert.Equal(1UL, seen);
        Assert.Equal(PerBlock, _region.Descriptors);
        Assert.Equal(1, _region.Backing.TimesMade);

        Assert.Equal(Errno.None, one.TryUnmap(first, file.Length));
        Assert.Equal(Errno.None, other.TryUnmap(third, file.Length));
        Assert.Equal(PerBlock, _region.Descriptors);
        Assert.Equal(Errno.None, one.TryUnmap(second, file.Length));
        Assert.Equal(0, _region.Descriptors);
    }

    [Fact]
    public void R81a_TwoFilesThatShareAnExtentHaveOneSetOfDescriptors_GoneWithTheLastOfBoth()
    {
        using PlacedFile file = _region.File("/mnt/a", 4).At(8);
        using PlacedFile clone = _region.File("/mnt/b", 4).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space, protection: Protection.Read);
        VirtualAddress alias = clone.Map(space, protection: Protection.Read);
        Assert.Equal(PerBlock, _region.Descriptors);
        Assert.Equal(1, _region.Backing.TimesMade);
        Assert.Equal(Errno.None, space.TryUnmap(at, file.Length));
        Assert.Equal(PerBlock, _region.Descriptors);
        Assert.Equal(Errno.None, space.TryUnmap(alias, file.Length));
        Assert.Equal(0, _region.Descriptors);
    }

    [Fact]
    public void R81b_TheFirstAliasOwnsThePage_TheSecondMakesItSharedByTwo()
    {
        using PlacedFile file = _region.File("/mnt/a", 1).At(8);
        using PlacedFile clone = _region.File("/mnt/b", 1).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space, protection: Protection.Read);
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
        Assert.NotEqual(0UL, DescriptorAt(8).Mapping);
        Assert.Equal(0UL, DescriptorAt(8).Share);

        VirtualAddress alias = clone.Map(space, protection: Protection.Read);
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out ulong _));
        Assert.Equal(0UL, DescriptorAt(8).Mapping);
        Assert.Equal(2UL, DescriptorAt(8).Share);

        Assert.Equal(Errno.None, space.TryUnmap(at, file.Length));
        Assert.Equal(1UL, DescriptorAt(8).Share);
        Assert.Equal(Errno.None, space.TryUnmap(alias, file.Length));
    }

    [Fact]
    public void R81c_TwoMegabytesAreOnePageWhileMapped_AndSingleOnesAfterTheLastUnmap()
    {
        Pagemap eager = new() { Type = MemoryType.FsDax, Name = "fsdax", PageIdle = DaxFile.PageIdle };
        eager.Ranges.Add(PagelessRegion.Range);
        Assert.Equal(Errno.None, _region.Memory.Map.Register(eager));
        using (PlacedFile file = _region.File("/mnt/a", 512).At(512))
        using (AddressSpace space = new(_region.Memory, "process"))
        {
            VirtualAddress at = file.Map(space);
            Assert.Equal(AccessOutcome.Done, space.Store(at.Add(5 * 4096), 9UL));
            Assert.Equal(9, _region.ByteAt(512 + 5));
            Assert.Equal(512, space.FilePages);
            Assert.True(eager.TryGetPage(PagelessRegion.Range.Start.Frame.Add(512), out DevicePage head));
            Assert.Equal(9, head.Order);
            Assert.Equal(Errno.None, space.TryUnmap(at, file.Length));
            Assert.Equal(0, head.Order);
            Assert.Equal(0, head.ReferenceCount);
            Assert.True(eager.TryGetPage(PagelessRegion.Range.Start.Frame.Add(512 + 5), out DevicePage part));
            Assert.Equal(part, part.Head);
        }

        Assert.Equal(Errno.None, _region.Memory.Map.TryUnregister(eager));
    }

    [Fact]
    public void R81d_AnAliasOfAnotherOrderIsFlagged_AndShowsTheSameBytes()
    {
        using PlacedFile file = _region.File("/mnt/a", 512).At(512);
        using PlacedFile clone = _region.File("/mnt/b", 512).At(512);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space, protection: Protection.Read);
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
        _region.Medium.TryWrite(512 * 4096, [42]);

        // One page alone cannot be mapped by 2 MiB.
        Assert.Equal(Errno.None, space.TryMap(new(4096, Protection.Read) { File = clone.File, IsShared = true }, out VirtualAddress alias));
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out byte seen));
        Assert.Equal(42, seen);
        Assert.Equal(0, file.File.OrderMismatches);
        Assert.Equal(1, clone.File.OrderMismatches);
    }

    [Fact]
    public void R82a_AFutexHasOneKeyUnderAllAliasesOfAFile_AndAnotherInAPrivateCopy()
    {
        using PlacedFile file = _region.File("/mnt/a", 512).At(512);
        using AddressSpace one = new(_region.Memory, "one");
        using AddressSpace other = new(_region.Memory, "other");
        VirtualAddress here = file.Map(one);
        VirtualAddress there = file.Map(other);
        VirtualAddress copy = file.Map(other, isShared: false);
        Assert.Equal(Errno.None, one.TryIdentify(here.Add(8192 + 4), out MemoryIdentity a));
        Assert.Equal(Errno.None, other.TryIdentify(there.Add(8192 + 4), out MemoryIdentity b));
        Assert.Equal(Errno.None, other.TryIdentify(copy.Add(8192 + 4), out MemoryIdentity c));
        Assert.Equal(a, b);
        Assert.NotEqual(a, c);
    }

    [Fact]
    public void APrivateMappingCopiesOnWrite_AndThePersistentByteStays()
    {
        using PlacedFile file = _region.File("/mnt/a", 512).At(512);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space, isShared: false);
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
        Assert.Equal(AccessOutcome.Done, space.Store(at.Add(4096), 5UL));
        Assert.Equal(AccessOutcome.Done, space.Load(at.Add(4096), out ulong mine));
        Assert.Equal(5UL, mine);
        Assert.Equal(0, _region.ByteAt(513));
        Assert.Equal(1, space.AnonymousPages);
    }

    [Fact]
    public void AHoleReadsAsZeros_AndTheFirstWriteGivesItAPlaceThatAllSee()
    {
        using PlacedFile file = _region.File("/mnt/a", 4);
        using AddressSpace one = new(_region.Memory, "one");
        using AddressSpace other = new(_region.Memory, "other");
        VirtualAddress here = file.Map(one);
        VirtualAddress there = file.Map(other);
        Assert.Equal(AccessOutcome.Done, one.Load(here, out ulong zero));
        Assert.Equal(AccessOutcome.Done, other.Load(there, out ulong _));
        Assert.Equal(0UL, zero);
        Assert.Equal(0, _region.Descriptors);
        Assert.Equal(AccessOutcome.Done, one.Store(here, 3UL));
        Assert.Equal(AccessOutcome.Done, other.Load(there, out ulong seen));
        Assert.Equal(3UL, seen);
        Assert.Equal(PerBlock, _region.Descriptors);
    }

    [Fact]
    public void AWriteToASharedExtentMovesThePage_AndTheCloneKeepsTheOldBytes()
    {
        using PlacedFile file = _region.File("/mnt/a", 4).At(8);
        using PlacedFile clone = _region.File("/mnt/b", 4).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(AccessOutcome.Done, space.Store(at, 1UL));
        Assert.Equal(Errno.None, file.File.TryChangeLayout(0, 4, false, () =>
        {
            file.Shared.UnionWith([0, 1, 2, 3]);
            clone.Shared.UnionWith([0, 1, 2, 3]);
            return Errno.None;
        }));
        VirtualAddress alias = clone.Map(space);
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out ulong before));
        Assert.Equal(1UL, before);
        Assert.Equal(AccessOutcome.Done, space.Store(at, 2UL));
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out ulong kept));
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong mine));
        Assert.Equal(1UL, kept);
        Assert.Equal(2UL, mine);
        Assert.Equal(1, _region.ByteAt(8));
    }

    [Fact]
    public void SyncMakesDurableWhatWasStoredThroughMappings_AndHearsOfTheNextStore()
    {
        using PlacedFile file = _region.File("/mnt/a", 512).At(512);
        using PlacedFile small = _region.File("/mnt/b", 4).At(16);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        VirtualAddress other = small.Map(space);
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
        Assert.Equal(Errno.None, file.File.Sync());
        Assert.Empty(file.Persisted);
        Assert.Equal(AccessOutcome.Done, space.Store(at, 1UL));
        Assert.Equal(AccessOutcome.Done, space.Store(other.Add(4096), 1UL));
        Assert.Equal(Errno.None, file.File.Sync());
        Assert.Equal(Errno.None, small.File.Sync());
        Assert.Equal(512, file.Persisted.Count);
        Assert.Equal([1UL], small.Persisted);
        Assert.Equal(Errno.None, file.File.Sync());
        Assert.Equal(512, file.Persisted.Count);
        Assert.Equal(AccessOutcome.Done, space.Store(other.Add(4096), 2UL));
        Assert.Equal(Errno.None, space.TryUnmap(other, small.Length));
        Assert.Equal(Errno.None, small.File.Sync());
        Assert.Equal([1UL, 1UL], small.Persisted);
    }

    [Fact]
    public void R89d_PoisonReachesEveryMapperOnce_ThroughBothAliases()
    {
        using PlacedFile file = _region.File("/mnt/a", 4).At(8);
        using PlacedFile clone = _region.File("/mnt/b", 4).At(8);
        using AddressSpace one = new(_region.Memory, "one");
        using AddressSpace other = new(_region.Memory, "other");
        VirtualAddress here = file.Map(one, protection: Protection.Read);
        VirtualAddress there = clone.Map(other, protection: Protection.Read);
        Assert.Equal(AccessOutcome.Done, one.Load(here.Add(4096), out ulong _));
        Assert.Equal(AccessOutcome.Done, other.Load(there.Add(4096), out ulong _));
        List<string> hurt = [];
        _region.Memory.MapperHurt += (space, address) => hurt.Add($"{space.Name} {address}");
        Assert.Equal(Errno.None, _region.Memory.Map.ReportMemoryFailure(PagelessRegion.Range.Start.Frame.Add(9)));
        Assert.Equal([$"one {here.Add(4096)}", $"other {there.Add(4096)}"], hurt.Order());
        Assert.Equal(AccessOutcome.Poisoned, one.Load(here.Add(4096), out ulong _));
        Assert.Equal(AccessOutcome.Done, one.Load(here, out ulong _));
    }

    [Fact]
    public void R87a_HiddenMemoryIsNotMadeVisibleWithoutDescriptors_AndTheRefusalSaysWhatToDo()
    {
        Assert.Equal(Errno.EOPNOTSUPP, _region.Memory.Map.CheckMmuMapping(new(PagelessRegion.Range.Start, 4096), out string reason));
        Assert.Contains("register a pagemap", reason, StringComparison.Ordinal);
        using DescriptorUse use = _region.Backing.Open("array");
        Assert.Equal(Errno.None, use.TryCover(new(PagelessRegion.Range.Start, 4096), out _));
        Assert.Equal(Errno.None, _region.Memory.Map.CheckMmuMapping(new(PagelessRegion.Range.Start, 4096), out _));
    }

    /// <summary>Lets everything pass until a test has set the stage.</summary>
    private sealed class LaterGate(FailNthGate gate) : IAllocationGate
    {
        public bool IsArmed { get; set; }

        public bool TryPass(string site) => !IsArmed || gate.TryPass(site);
    }

    private static ProvidedRange[] ToArray(RangeList list)
    {
        List<ProvidedRange> ranges = [];
        foreach (ProvidedRange range in list)
        {
            ranges.Add(range);
        }

        return [.. ranges];
    }

    private PageDescriptor DescriptorAt(ulong block) =>
        _region.Memory.Map.TryGetPage(PagelessRegion.Range.Start.Frame.Add(block), out DevicePage page) ? page.Descriptor : throw new InvalidOperationException("no descriptor");
}
