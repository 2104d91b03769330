// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma.Tests;

public sealed class StreamingTests : IDisposable
{
    private readonly DmaRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R66_WithoutAnIommuTheAddressIsThePhysicalOne_BehindOneItHasItsOwn()
    {
        PhysicalRange range = new(new(0x12345), 0x2001);
        Assert.Equal(0x12345UL, _rig.MapOne(_rig.Direct, range).Value);
        DmaAddress address = _rig.MapOne(_rig.Translated, range);
        Assert.NotEqual(0x12345UL, address.Value);
        Assert.Equal(0x345UL, address.Value & 0xfff);
        Assert.Equal(_rig.CpuReads(RangeList.Of(range)), _rig.DeviceReads(_rig.Translated, DmaRig.One(address, range.Length)));
        Assert.Equal((1, 0x2001), (_rig.Translated.ActiveMappings, _rig.Translated.MappedBytes));
        Assert.Equal(2, _rig.Mapper.ActiveMappings);
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Translated, address, 0x2001, DmaDirection.Bidirectional, DmaAttributes.None));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Direct, new(0x12345), 0x2001, DmaDirection.Bidirectional, DmaAttributes.None));
        Assert.Equal(1, _rig.Table.Flushes);
        _rig.AssertIdle();
    }

    [Theory]
    [InlineData(DmaDirection.ToDevice, IommuAccess.Read, IommuAccess.Write)]
    [InlineData(DmaDirection.FromDevice, IommuAccess.Write, IommuAccess.Read)]
    public void R66_ADeviceMayDoWhatTheDirectionSaysAndNoMore(DmaDirection direction, IommuAccess may, IommuAccess mayNot)
    {
        DmaAddress address = _rig.MapOne(_rig.Translated, new(new(0x1000), 0x1000), direction);
        Assert.True(_rig.Table.TryReach(address.Value, may, out _));
        Assert.False(_rig.Table.TryReach(address.Value, mayNot, out _));
    }

    [Fact]
    public void R66a_AnotherDevicesMemoryIsMappedAsSuch_AndNeverSynchronized()
    {
        P2PProvider peer = _rig.Peer("peer", 0x20_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
        PhysicalRange range = peer.Range.Slice(0x1000, 0x2000);
        DmaAddress address = _rig.MapOne(_rig.Translated, range, attributes: DmaAttributes.Mmio);
        Assert.True(_rig.Table.TryTranslate(address, out IommuTranslation found));
        Assert.Equal(IommuAccess.Read | IommuAccess.Write | IommuAccess.Mmio, found.Access);
        Assert.Equal(1, peer.ActiveUses);
        Assert.Equal(Errno.None, _rig.Mapper.SyncForCpu(_rig.Translated, address, 0x2000, DmaDirection.Bidirectional));
        Assert.Equal(0, _rig.Bounce!.Statistics.Bytes);
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Translated, address, 0x2000, DmaDirection.Bidirectional, DmaAttributes.Mmio));
        _rig.AssertIdle();
    }

    [Fact]
    public void R53a_AStreamedBusAddressNeedsNoIommu_AndHoldsItsProviderUntilItIsUnmapped()
    {
        P2PProvider peer = _rig.Peer("peer", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        PhysicalRange range = peer.Range.Slice(0x1000, 0x800);
        DmaAddress first = _rig.MapOne(_rig.Translated, range, attributes: DmaAttributes.Mmio);
        DmaAddress second = _rig.MapOne(_rig.Translated, range, attributes: DmaAttributes.Mmio);
        Assert.Equal(peer.BusAddress(range.Start), first);
        Assert.Equal(first, second);
        Assert.Equal(0, _rig.Table.Granules);
        Assert.Equal(Errno.None, _rig.Mapper.SyncForDevice(_rig.Translated, first, 0x800, DmaDirection.Bidirectional));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.UnmapPhys(_rig.Translated, first, 0x400, DmaDirection.Bidirectional, DmaAttributes.Mmio));
        Assert.Equal(2, peer.ActiveUses);
        Assert.Equal(Errno.EBUSY, _rig.Map.TryUnregisterProvider(peer));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Translated, first, 0x800, DmaDirection.Bidirectional, DmaAttributes.Mmio));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Translated, first, 0x800, DmaDirection.Bidirectional, DmaAttributes.Mmio));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.UnmapPhys(_rig.Translated, first, 0x800, DmaDirection.Bidirectional, DmaAttributes.Mmio));
        _rig.AssertIdle();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R53c_AStreamedPeerWithoutARouteIsRefusedForGood(bool isTranslated)
    {
        P2PProvider far = _rig.Peer("far", 0x20_0000_0000, 1 << 20, P2PMapType.NotSupported);
        DmaMapError? error = _rig.Mapper.TryMapPhys(isTranslated ? _rig.Translated : _rig.Direct, far.Range, DmaDirection.ToDevice, DmaAttributes.Mmio, out DmaAddress address);
        Assert.Equal(Errno.EREMOTEIO, error!.Errno);
        Assert.Equal(DmaAddress.MappingError, address);
        _rig.AssertIdle();
    }

    [Fact]
    public void R66b_WhatLiesBeyondTheMaskBounces_OrIsRefusedWhereItCannot()
    {
        PhysicalRange high = new(new(DmaRig.HighRam + 0x100), 0x1000);
        DmaAddress address = _rig.MapOne(_rig.Narrow, high);
        Assert.True(_rig.Bounce!.Owns(new(address.Value)));
        Assert.Equal(Errno.None, _rig.Mapper.UnmapPhys(_rig.Narrow, address, 0x1000, DmaDirection.Bidirectional, DmaAttributes.None));
        _rig.AssertIdle();

        using DmaRig without = new(hasPool: false);
        DmaMapError? error = without.Mapper.TryMapPhys(without.Narrow, high, DmaDirection.ToDevice, DmaAttributes.None, out address);
        Assert.Equal(Errno.EIO, error!.Errno);
        Assert.False(error.IsRetryable);
        without.AssertIdle();
    }

    [Fact]
    public void R66c_AFailureGivesTheErrorValue()
    {
        Assert.NotNull(_rig.Mapper.TryMapPhys(_rig.Direct, default, DmaDirection.ToDevice, DmaAttributes.None, out DmaAddress address));
        Assert.Equal(ulong.MaxValue, address.Value);
        Assert.True(_rig.Mapper.IsMappingError(_rig.Direct, address));
        Assert.False(_rig.Mapper.IsMappingError(_rig.Direct, _rig.MapOne(_rig.Direct, new(new(0x1000), 1))));
    }

    [Fact]
    public void R66d_WhatMustBeCoherentIsRefusedRatherThanBounced()
    {
        DmaMapError? narrow = _rig.Mapper.TryMapPhys(_rig.Narrow, new(new(DmaRig.HighRam), 0x1000), DmaDirection.ToDevice, DmaAttributes.RequireCoherent, out _);
        Assert.Equal(Errno.EPERM, narrow!.Errno);
        DmaMapError? untrusted = _rig.Mapper.TryMapPhys(_rig.Untrusted, new(new(0x1000), 0x800), DmaDirection.ToDevice, DmaAttributes.RequireCoherent, out _);
        Assert.Equal(Errno.EPERM, untrusted!.Errno);
        _rig.MapOne(_rig.Untrusted, new(new(0x1000), 0x1000), attributes: DmaAttributes.RequireCoherent);
    }

    [Fact]
    public void AnUnmapOfWhatWasNotMappedSoIsRefused_AndChangesNothing()
    {
        DmaAddress address = _rig.MapOne(_rig.Translated, new(new(0x1000), 0x3000));
        DmaDevice other = new("other") { Domain = _rig.Domain };
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, address, 0x2000));
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, address, 0x4000));
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, address, 0));
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, new(address.Value + 0x1000), 0x2000));
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, new(address.Value + 1), 0x3000));
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, new(0x7000_0000_0000), 0x3000));
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, DmaAddress.MappingError, 0x3000));
        Assert.Equal(Errno.EINVAL, Unmap(other, address, 0x3000));
        Assert.Equal(3, _rig.Table.Granules);
        Assert.Equal(Errno.None, Unmap(_rig.Translated, address, 0x3000));
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, address, 0x3000));
        _rig.AssertIdle();
    }

    [Fact]
    public void AListsAddressesAreNoStreamingMappings()
    {
        using DmaMapping mapping = _rig.MapList(_rig.Translated, DmaRig.List((0x1000, 0x1000)));
        DmaAddress address = DmaRig.Entries(mapping.Addresses)[0].Range.Start;
        Assert.Equal(Errno.EINVAL, Unmap(_rig.Translated, address, 0x1000));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.SyncForCpu(_rig.Translated, new(address.Value + 0x10_0000), 1, DmaDirection.Bidirectional));
    }

    [Fact]
    public void CoherentMemoryIsZeroed_WithinTheMask_AndGivenBack()
    {
        foreach (DmaDevice device in new[] { _rig.Direct, _rig.Narrow, _rig.Translated })
        {
            Assert.Null(_rig.Mapper.TryAllocateCoherent(device, 5000, DmaAttributes.None, out CoherentMemory? memory));
            Assert.Equal(8192UL, memory!.Range.Length);
            Assert.All(_rig.DeviceReads(device, DmaRig.One(memory.Address, 8192)), static value => Assert.Equal(0, value));
            Assert.Equal(1, _rig.Mapper.ActiveMappings);
            memory.Dispose();
            memory.Dispose();
            _rig.AssertIdle();
        }

        DmaDevice tiny = new("tiny", mask: 0xff_ffff);
        Assert.Equal(Errno.ENOMEM, _rig.Mapper.TryAllocateCoherent(tiny, 4096, DmaAttributes.None, out _)!.Errno);
        Assert.Equal(Errno.EINVAL, _rig.Mapper.TryAllocateCoherent(tiny, 0, DmaAttributes.None, out _)!.Errno);
        _rig.AssertIdle();
    }

    [Fact]
    public void CountsAreRightWhenOneThreadMapsAndAnotherUnmaps()
    {
        DmaAddress[] addresses = [.. Enumerable.Range(1, 100).Select(page => _rig.MapOne(_rig.Translated, new(new((ulong)page << 12), 0x1000)))];
        Thread other = new(() => Array.ForEach(addresses, address => Unmap(_rig.Translated, address, 0x1000)));
        other.Start();
        other.Join();
        _rig.AssertIdle();
    }

    [Fact]
    public void OfThreadsThatUnmapTheSameMapping_OneDoes_AndTheirOwnGoOnUndisturbed()
    {
        const int Rounds = 2000;
        int ended = 0;
        DmaAddress[] shared = [.. Enumerable.Range(1, Rounds).Select(page => _rig.MapOne(_rig.Translated, new(new((ulong)page << 12), 0x1000)))];
        Thread[] threads = [.. Enumerable.Range(0, 3).Select(number => new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                if (Unmap(_rig.Translated, shared[i], 0x1000) == Errno.None)
                {
                    Interlocked.Increment(ref ended);
                }

                // Of another size, so that its addresses are never again those of a shared one.
                if (_rig.Mapper.TryMapPhys(_rig.Translated, new(new((ulong)(number + 1) << 20), 0x2_0000), DmaDirection.ToDevice, DmaAttributes.None, out DmaAddress own) is not null
                    || Unmap(_rig.Translated, own, 0x2_0000) != Errno.None)
                {
                    Interlocked.Add(ref ended, 1 << 20);
                }
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Equal(Rounds, ended);
        _rig.AssertIdle();
    }

    [Fact]
    public void OfTwoThreadsThatMeetInAnUnmap_OneDoes()
    {
        const int Rounds = 3000;
        int arrived = 0;
        int ended = 0;
        DmaAddress[] shared = new DmaAddress[1];
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(number => new Thread(() =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                if (number == 0)
                {
                    shared[0] = _rig.MapOne(_rig.Translated, new(new(0x10_0000), 0x1000));
                }

                // The one who comes last goes on first, so that it has to wait, now a little more, now less, for the other to be where it is.
                Meet(ref arrived, (4 * round) + 2);
                Thread.SpinWait(number == 0 ? round & 15 : 4);
                if (Unmap(_rig.Translated, shared[0], 0x1000) == Errno.None)
                {
                    Interlocked.Increment(ref ended);
                }

                Meet(ref arrived, (4 * round) + 4);
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Equal(Rounds, ended);
        _rig.AssertIdle();
    }

    private static void Meet(ref int arrived, int all)
    {
        Interlocked.Increment(ref arrived);
        SpinWait wait = default;
        while (Volatile.Read(ref arrived) < all)
        {
            wait.SpinOnce(sleep1Threshold: -1);
        }
    }

    private Errno Unmap(DmaDevice device, DmaAddress address, ulong length) => _rig.Mapper.UnmapPhys(device, address, length, DmaDirection.Bidirectional, DmaAttributes.None);
}
