// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;

namespace Physr.Storage.Tests.Dax;

/// <summary>Truncation and holes against mappings and DMA (row R83).</summary>
public sealed class LayoutTests : IDisposable
{
    private readonly PagelessRegion _region = new();

    public void Dispose() => _region.Dispose();

    [Fact]
    public async Task R83a_R83b_TruncationWaitsForAPin_AndWakesOnTheLastOne()
    {
        using PlacedFile file = _region.File("/mnt/a", 8).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(Errno.None, space.TryPin(at.Add(4096), 4096, PinFlags.Write, out PinnedMemory? first));
        Assert.Equal(Errno.None, space.TryPin(at.Add(4096), 8192, PinFlags.Write, out PinnedMemory? second));
        bool isCut = false;
        Task<Errno> cut = Task.Run(() => file.File.TryChangeLayout(1, ulong.MaxValue, true, () =>
        {
            isCut = true;
            file.Pages = 1;
            return Errno.None;
        }));
        await Task.Delay(30);
        Assert.False(isCut);
        first!.Dispose();
        await Task.Delay(30);
        Assert.False(isCut);
        second!.Dispose();
        Assert.Equal(Errno.None, await cut.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.True(isCut);
        Assert.Equal(AccessOutcome.BusError, space.Load(at.Add(4096), out ulong _));
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
    }

    [Fact]
    public async Task R83a_APinThatOutlivesItsMappingIsWaitedForToo_AndItsDescriptorsStay()
    {
        using PlacedFile file = _region.File("/mnt/a", 8).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(Errno.None, space.TryPin(at, 4096, PinFlags.Write, out PinnedMemory? pinned));
        Assert.Equal(Errno.None, space.TryUnmap(at, file.Length));
        Assert.Equal(512, _region.Descriptors);
        Task<Errno> punch = Task.Run(() => file.File.TryChangeLayout(0, 4, false, static () => Errno.None));
        await Task.Delay(30);
        Assert.False(punch.IsCompleted);
        pinned!.Dispose();
        Assert.Equal(Errno.None, await punch.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal(0, _region.Descriptors);
    }

    [Fact]
    public void R83c_WithoutAWaitItSaysStartAgain_AndNothingHasChanged()
    {
        using PlacedFile file = _region.File("/mnt/a", 8).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(Errno.None, space.TryPin(at, 4096, PinFlags.Write, out PinnedMemory? pinned));
        Assert.Equal(Errno.ERESTARTSYS, file.File.TryChangeLayout(0, 8, true, static () => throw new InvalidOperationException("changed"), wait: null));
        Assert.Equal(AccessOutcome.Done, space.Store(at, 8UL));
        pinned!.Dispose();
        Assert.Equal(Errno.None, file.File.TryChangeLayout(0, 8, true, static () => Errno.None, wait: null));
    }

    [Fact]
    public void AnotherFilesMappingOfASharedExtentHoldsNobodyUp()
    {
        using PlacedFile file = _region.File("/mnt/a", 4).At(8);
        using PlacedFile clone = _region.File("/mnt/b", 4).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space, protection: Protection.Read);
        VirtualAddress alias = clone.Map(space, protection: Protection.Read);
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out ulong _));
        Assert.Equal(Errno.None, file.File.TryChangeLayout(0, 4, true, () => Drop(file), wait: null));
        Assert.Equal(AccessOutcome.Done, space.Load(alias, out ulong _));
    }

    [Fact]
    public void AnInterruptedWaitGivesUp_AndNothingHasChanged()
    {
        using PlacedFile file = _region.File("/mnt/a", 8).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(Errno.None, space.TryPin(at, 4096, PinFlags.Write, out PinnedMemory? pinned));
        using CancellationTokenSource source = new(TimeSpan.FromMilliseconds(30));
        Assert.Equal(Errno.EINTR, file.File.TryChangeLayout(0, 8, true, static () => throw new InvalidOperationException("changed"), source.Token));
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong _));
        pinned!.Dispose();
    }

    [Fact]
    public void ACallersOwnWaitLetsTheWorldGoOn()
    {
        using PlacedFile file = _region.File("/mnt/a", 512).At(512);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space);
        Assert.Equal(Errno.None, space.TryPin(at.Add(8192), 4096, PinFlags.Write, out PinnedMemory? pinned));
        int waits = 0;
        Assert.Equal(Errno.None, file.File.TryChangeLayout(0, 1, false, static () => Errno.None, () =>
        {
            // The DMA ends at the third look; it holds 2 MiB, of which the page that goes is a part.
            if (++waits == 3)
            {
                pinned!.Dispose();
            }

            return true;
        }));
        Assert.Equal(3, waits);
    }

    [Fact]
    public void APunchLeavesOwnCopies_ATruncationTakesThem()
    {
        using PlacedFile file = _region.File("/mnt/a", 8).At(8);
        using AddressSpace space = new(_region.Memory, "process");
        VirtualAddress at = file.Map(space, isShared: false);
        Assert.Equal(AccessOutcome.Done, space.Store(at, 8UL));
        Assert.Equal(Errno.None, file.File.TryChangeLayout(0, 8, false, () => Drop(file)));
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong kept));
        Assert.Equal(8UL, kept);
        Assert.Equal(AccessOutcome.Done, space.Load(at.Add(4096), out ulong hole));
        Assert.Equal(0UL, hole);
        Assert.Equal(Errno.None, file.File.TryChangeLayout(0, 8, true, static () => Errno.None));
        Assert.Equal(AccessOutcome.Done, space.Load(at, out ulong gone));
        Assert.Equal(0UL, gone);
    }

    private static Errno Drop(PlacedFile file)
    {
        file.Blocks.Clear();
        return Errno.None;
    }
}
