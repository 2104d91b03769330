// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;
using static Physr.Dma.DmaDirection;

namespace Physr.Dma.Tests.Debugging;

/// <summary>Mistakes that the kernel's debugger has no class for: of devices, revocation, reservations, and P8 and P9.</summary>
public sealed class BeyondTheKernelTests : IDisposable
{
    private readonly DebugRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R90a_26_ADeviceOrASyncUsesWhatWasRevoked_AndMayStillUnmapIt()
    {
        DmaAddress address = _rig.Map(_rig.Translated, 0x5000, 0x2000);
        _rig.Debugger.OnDeviceAccess(_rig.Translated, new(address, 0x2000), isWrite: true);
        Assert.Empty(_rig.Reports);
        _rig.Debugger.OnRevoke(_rig.Translated, new(new(address.Value + 0x1000), 1));
        _rig.Debugger.OnDeviceAccess(_rig.Translated, new(address, 8), isWrite: false);
        _rig.Mapper.SyncForCpu(_rig.Translated, address, 0x10, Bidirectional);
        _rig.Unmap(_rig.Translated, address, 0x2000);
        Assert.Equal([DmaDebugError.UseAfterRevoke, DmaDebugError.UseAfterRevoke], _rig.Errors);
    }

    [Fact]
    public void R90a_27_ADeviceUsesAnAddressThatWasUnmapped()
    {
        DmaAddress address = _rig.Map(_rig.Translated, 0x5000, 0x1000);
        _rig.Unmap(_rig.Translated, address, 0x1000);
        _rig.Debugger.OnDeviceAccess(_rig.Translated, new(new(address.Value + 0x80), 0x40), isWrite: true);
        DmaDebugReport report = _rig.Only(DmaDebugError.UseOfStaleAddress);
        Assert.Equal(address, report.Mapping!.Value.Range.Start);
        Assert.Equal("wrote 64 bytes", report.Actual);
    }

    [Fact]
    public void R90a_30_ADeviceUsesAnAddressThatWasNeverItsOwn()
    {
        DmaAddress address = _rig.Map(_rig.Translated, 0x5000, 0x1000);
        _rig.Debugger.OnDeviceAccess(_rig.Direct, new(address, 0x40), isWrite: true);
        _rig.Only(DmaDebugError.AccessNeverMapped);
        _rig.Reports.Clear();
        _rig.Debugger.OnDeviceAccess(_rig.Translated, new(address, 0x1001), isWrite: true);
        Assert.Equal((address.Value + 0x1000, 1UL), (_rig.Only(DmaDebugError.AccessNeverMapped).Address.Value, _rig.Reports[0].Size));
    }

    [Fact]
    public void R90a_31_ADeviceGoesTheWrongWay()
    {
        DmaAddress address = _rig.Map(_rig.Direct, 0x5000, 0x1000, ToDevice);
        _rig.Debugger.OnDeviceAccess(_rig.Direct, new(address, 0x1000), isWrite: false);
        Assert.Empty(_rig.Reports);
        _rig.Debugger.OnDeviceAccess(_rig.Direct, new(address, 0x1000), isWrite: true);
        _rig.Only(DmaDebugError.AccessDifferentDirection);
    }

    [Fact]
    public void R90a_28_P8_ZeroBytesAreUnmapped_AndTheMappingStays()
    {
        DmaAddress address = _rig.Map(_rig.Translated, 0x5000, 0x1000);
        _rig.Unmap(_rig.Translated, address, 0);
        Assert.Equal("4096 bytes, as mapped", _rig.Only(DmaDebugError.UnmapOfZeroLength).Expected);
        Assert.Equal(1, _rig.Debugger.Counters.Live);
        _rig.Unmap(_rig.Translated, address, 0x1000);
        Assert.Single(_rig.Reports);
    }

    [Theory]
    [InlineData(0x10000, 0x1000, true)]
    [InlineData(0x0f001, 0x1000, true)]
    [InlineData(0x11fff, 0x1000, true)]
    [InlineData(0x0f000, 0x1000, false)]
    [InlineData(0x12000, 0x1000, false)]
    [InlineData(0x00000, 0x40000, true)]
    public void R90a_29_P9_OneAddressMeansTwoThings(ulong start, ulong length, bool overlaps)
    {
        _rig.Debugger.OnMap(_rig.Translated, DmaMapKind.Physical, new(new(0x10000), 0x2000), new(0x100_0000), ToDevice);
        _rig.Debugger.OnMap(_rig.Direct, DmaMapKind.Physical, new(new(start), length), new(0x280_0000), ToDevice);
        Assert.DoesNotContain(DmaDebugError.OverlappingAddresses, _rig.Errors);
        _rig.Debugger.OnMap(_rig.Translated, DmaMapKind.Physical, new(new(start), length), new(0x280_0000), ToDevice);
        Assert.Equal(overlaps, _rig.Errors.Contains(DmaDebugError.OverlappingAddresses));
    }

    [Fact]
    public void R90a_29_P9_WithoutAnIommuAPageMayBeMappedManyTimes()
    {
        _rig.Map(_rig.Direct, 0x5000, 0x1000, ToDevice);
        _rig.Map(_rig.Direct, 0x5800, 0x1000, ToDevice);
        _rig.Map(_rig.Direct, 0x4000, 0x4000, ToDevice);
        Assert.Empty(_rig.Reports);
    }

    [Fact]
    public void R90a_32_ALinkGoesOverAnotherOrBeyondTheReservation()
    {
        IovaReservation reservation = Reserve(0x4000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x2000, 0));
        Assert.NotEqual(Errno.None, Link(ref reservation, 0x20000, 0x2000, 0x1000));
        Assert.Equal(Errno.EINVAL, Link(ref reservation, 0x20000, 0x3000, 0x2000));
        Assert.Equal([DmaDebugError.LinkOverlap, DmaDebugError.LinkOverlap], _rig.Errors);
        Assert.Equal(Errno.None, _rig.Mapper.Destroy(_rig.Translated, ref reservation, 0x2000, ToDevice, DmaAttributes.None));
        Assert.Equal(0, _rig.Debugger.Counters.Live);
    }

    [Fact]
    public void R90a_33_WhatIsNotLinkedIsUnlinked()
    {
        IovaReservation reservation = Reserve(0x4000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x4000, 0));
        Assert.Equal(Errno.None, Unlink(ref reservation, 0x1000, 0x1000));
        Assert.Empty(_rig.Reports);
        Assert.Equal(Errno.EINVAL, Unlink(ref reservation, 0, 0x2000));
        Assert.Contains("linked up to offset 4096", _rig.Only(DmaDebugError.UnlinkNotLinked).Expected, StringComparison.Ordinal);
        Assert.Equal(3, _rig.Debugger.Counters.Live);
        Assert.Equal(Errno.None, Unlink(ref reservation, 0x2000, 0x2000));
        Assert.Equal(Errno.None, Unlink(ref reservation, 0, 0x1000));
        Assert.Equal(Errno.None, _rig.Mapper.Free(_rig.Translated, ref reservation));
        Assert.Single(_rig.Reports);
        Assert.Equal(0, _rig.Debugger.Counters.Live);
    }

    [Fact]
    public void R90a_34_AReservationEndsWithAnotherLengthThanIsLinked()
    {
        IovaReservation reservation = Reserve(0x4000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x4000, 0));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.Destroy(_rig.Translated, ref reservation, 0x2000, ToDevice, DmaAttributes.None));
        Assert.Equal(Errno.EBUSY, _rig.Mapper.Free(_rig.Translated, ref reservation));
        Assert.Equal([DmaDebugError.DestroyDifferentLength, DmaDebugError.DestroyDifferentLength], _rig.Errors);
        Assert.Equal(2, _rig.Debugger.Counters.Live);
        Assert.Equal(Errno.None, _rig.Mapper.Destroy(_rig.Translated, ref reservation, 0x4000, ToDevice, DmaAttributes.None));
        Assert.Equal(2, _rig.Reports.Count);
        Assert.Equal(0, _rig.Debugger.Counters.Live);
    }

    [Fact]
    public void R90a_35_ADeviceUsesALinkBeforeItIsSynced()
    {
        IovaReservation reservation = Reserve(0x4000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x4000, 0));
        _rig.Debugger.OnDeviceAccess(_rig.Translated, new(reservation.Address, 0x10), isWrite: false);
        _rig.Only(DmaDebugError.AccessBeforeSync);
        Assert.Equal(Errno.None, _rig.Mapper.Sync(_rig.Translated, ref reservation, 0, 0x4000));
        _rig.Debugger.OnDeviceAccess(_rig.Translated, new(reservation.Address, 0x4000), isWrite: false);
        Assert.Single(_rig.Reports);
    }

    [Fact]
    public void R90d_AReservationNeverEndedIsALeak_AndItsLinksAreTheBytes()
    {
        IovaReservation reservation = Reserve(0x4000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x1000, 0));
        DmaLeak leak = Assert.Single(_rig.Debugger.Leaks());
        Assert.Equal((2, 0x1000UL, DmaMapKind.Reservation), (leak.Count, leak.Bytes, leak.Sample.Kind));
    }

    [Fact]
    public void R90a_03_AReservationThatIsNoneIsEnded()
    {
        IovaReservation made = new(new(0x7000), 0x1000);
        _rig.Mapper.Destroy(_rig.Translated, ref made, 0x1000, ToDevice, DmaAttributes.None);
        _rig.Only(DmaDebugError.FreeNeverAllocated);
    }

    private IovaReservation Reserve(ulong length)
    {
        Assert.True(_rig.Mapper.TryReserve(_rig.Translated, new(0), length, out IovaReservation reservation));
        return reservation;
    }

    private Errno Link(ref IovaReservation reservation, ulong start, ulong length, ulong offset) =>
        _rig.Mapper.Link(_rig.Translated, ref reservation, new(new(start), length), offset, ToDevice, DmaAttributes.None);

    private Errno Unlink(ref IovaReservation reservation, ulong offset, ulong length) =>
        _rig.Mapper.Unlink(_rig.Translated, ref reservation, offset, length, ToDevice, DmaAttributes.None);
}
