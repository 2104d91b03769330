// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Tests;

public sealed class TwoStepTests : IDisposable
{
    private readonly DmaRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R64a_WithoutAnIommuNothingIsReserved_AndTheStreamingFormRemains()
    {
        Assert.False(_rig.Mapper.TryReserve(_rig.Direct, new(0x1000), 0x1000, out IovaReservation reservation));
        Assert.False(reservation.IsReserved);
        _rig.AssertIdle();
    }

    [Fact]
    public void R64f_NoLengthAndLengthsWithTheTopBitAreNotReserved()
    {
        foreach (ulong length in (ulong[])[0, 1UL << 63, (1UL << 63) | 4096, ulong.MaxValue])
        {
            Assert.False(_rig.Mapper.TryReserve(_rig.Translated, new(0x1000), length, out IovaReservation reservation));
            Assert.Equal(0UL, reservation.Length);
        }

        _rig.AssertIdle();
    }

    [Fact]
    public void R64b_TheFirstLinkMayBeginWithinAGranule_LaterOnesNot_AndOnlyTheLastMayBeShort()
    {
        IovaReservation reservation = Reserve(_rig.Translated, 0x1200, 0x4000);
        Assert.Equal(0x200UL, reservation.Address.Value & 0xfff);
        Assert.Equal(Errno.EIO, Link(ref reservation, 0x1300, 0xd00, 0));
        Assert.Equal(Errno.None, Link(ref reservation, 0x1200, 0xe00, 0));
        Assert.Equal(Errno.EIO, Link(ref reservation, 0x8200, 0x1000, 0xe00));
        Assert.Equal(Errno.EIO, Link(ref reservation, 0x8100, 0x1000, 0xf00));
        Assert.Equal(Errno.EIO, Link(ref reservation, 0x8000, 0x1000, 0xd00));
        Assert.Equal(Errno.None, Link(ref reservation, 0x8000, 0x1000, 0xe00));
        Assert.Equal(Errno.None, Link(ref reservation, 0x4000, 0x300, 0x1e00));
        Assert.Equal(Errno.EIO, Link(ref reservation, 0x9000, 0x100, 0x2100));
        Assert.Equal(Errno.None, _rig.Mapper.Sync(_rig.Translated, ref reservation, 0, 0x2100));
        Assert.Equal(_rig.CpuReads(DmaRig.List((0x1200, 0xe00), (0x8000, 0x1000), (0x4000, 0x300))), _rig.DeviceReads(_rig.Translated, DmaRig.One(reservation.Address, 0x2100)));
        Assert.Equal(Errno.None, Destroy(ref reservation, 0x2100));
        _rig.AssertIdle();
    }

    [Fact]
    public void R64c_HoweverManyRangesAreLinked_TheirEndIsOneFlush()
    {
        const int Ranges = 100;
        IovaReservation reservation = Reserve(_rig.Translated, 0x1000, Ranges * 0x1000);
        for (ulong i = 0; i < Ranges; i++)
        {
            Assert.Equal(Errno.None, Link(ref reservation, 0x10_0000 + (i * 0x3000), 0x1000, i * 0x1000));
        }

        Assert.Equal(Errno.None, _rig.Mapper.Sync(_rig.Translated, ref reservation, 0, Ranges * 0x1000));
        Assert.Equal(0, _rig.Table.Flushes);
        Assert.Equal(Errno.None, Destroy(ref reservation, Ranges * 0x1000));
        Assert.Equal(1, _rig.Table.Flushes);
        _rig.AssertIdle();
    }

    [Fact]
    public void R64d_APartIsUnlinkedAndLinkedAgain_WhileTheRestStays()
    {
        IovaReservation reservation = Reserve(_rig.Translated, 0, 0x4000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x4000, 0));
        Assert.Equal(Errno.None, Unlink(ref reservation, 0x1000, 0x2000));
        Assert.Equal(2, _rig.Table.Granules);
        Assert.Equal(0, _rig.Table.StaleGranules);
        Assert.Equal(Errno.EINVAL, Unlink(ref reservation, 0x1000, 0x1000));
        Assert.Equal(Errno.EINVAL, Unlink(ref reservation, 0, 0x4000));
        Assert.Equal(Errno.EINVAL, Destroy(ref reservation, 0x4000));
        Assert.Equal(Errno.EINVAL, Destroy(ref reservation, 0x2000));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.Sync(_rig.Translated, ref reservation, 0, 0x4000));
        Assert.Equal(Errno.EBUSY, _rig.Mapper.Free(_rig.Translated, ref reservation));
        Assert.Equal(2, _rig.Table.Granules);
        Assert.Equal(Errno.None, Link(ref reservation, 0x20000, 0x1000, 0x2000));
        Assert.Equal(Errno.EINVAL, Destroy(ref reservation, 0x3000));
        Assert.Equal(Errno.None, Link(ref reservation, 0x30000, 0x1000, 0x1000));
        Assert.Equal(
            _rig.CpuReads(DmaRig.List((0x10000, 0x1000), (0x30000, 0x1000), (0x20000, 0x1000), (0x13000, 0x1000))),
            _rig.DeviceReads(_rig.Translated, DmaRig.One(reservation.Address, 0x4000)));
        Assert.Equal(Errno.None, Destroy(ref reservation, 0x4000));
        _rig.AssertIdle();
    }

    [Fact]
    public void R64e_DestroyTakesOutWhatWasLinkedAndGivesTheAddressesBack()
    {
        IovaReservation reservation = Reserve(_rig.Translated, 0, 0x10000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x2800, 0));
        Assert.Equal(Errno.EINVAL, Destroy(ref reservation, 0x1000));
        Assert.Equal(Errno.EINVAL, Destroy(ref reservation, 0x4000));
        Assert.Equal(Errno.EINVAL, Destroy(ref reservation, 0x20000));
        Assert.Equal(Errno.None, Destroy(ref reservation, 0x2800));
        Assert.False(reservation.IsReserved);
        Assert.Equal(Errno.EINVAL, Destroy(ref reservation, 0x2800));
        _rig.AssertIdle();

        IovaReservation unused = Reserve(_rig.Translated, 0, 0x10000);
        Assert.Equal(Errno.None, Destroy(ref unused, 0));
        IovaReservation free = Reserve(_rig.Translated, 0, 0x10000);
        Assert.Equal(Errno.None, _rig.Mapper.Free(_rig.Translated, ref free));
        _rig.AssertIdle();
    }

    [Fact]
    public void R64g_ALinkThatFailsLeavesTheReservationAsItWas()
    {
        IovaReservation reservation = Reserve(_rig.Translated, 0, 0x4000);
        Assert.Equal(Errno.None, Link(ref reservation, 0x10000, 0x2000, 0));
        Assert.Equal(Errno.EEXIST, Link(ref reservation, 0x20000, 0x2000, 0x1000));
        Assert.Equal(Errno.EINVAL, Link(ref reservation, 0x20000, 0x1000, 0x4000));
        Assert.Equal(Errno.EINVAL, Link(ref reservation, 0x20000, 0x3000, 0x2000));
        Assert.Equal(Errno.EINVAL, Link(ref reservation, 0x20000, 0x1000, ulong.MaxValue - 0xfff));
        Assert.Equal(2, _rig.Table.Granules);
        Assert.Equal(_rig.CpuReads(DmaRig.List((0x10000, 0x2000))), _rig.DeviceReads(_rig.Translated, DmaRig.One(reservation.Address, 0x2000)));
        Assert.Equal(Errno.None, Destroy(ref reservation, 0x2000));
        _rig.AssertIdle();
    }

    [Fact]
    public void R64_AReservationIsItsDevicesOwn_AndACopyOfAnEndedOneIsWorthNothing()
    {
        DmaDevice other = new("other") { Domain = _rig.Domain };
        IovaReservation reservation = Reserve(_rig.Translated, 0, 0x4000);
        Assert.Equal(Errno.EINVAL, _rig.Mapper.Link(other, ref reservation, new(new(0x1000), 0x1000), 0, DmaDirection.ToDevice, DmaAttributes.None));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.Link(_rig.Direct, ref reservation, new(new(0x1000), 0x1000), 0, DmaDirection.ToDevice, DmaAttributes.None));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.Free(other, ref reservation));
        IovaReservation copy = reservation;
        Assert.Equal(Errno.None, _rig.Mapper.Free(_rig.Translated, ref reservation));
        Assert.Equal(Errno.EINVAL, Link(ref copy, 0x1000, 0x1000, 0));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.Free(_rig.Translated, ref copy));
        Assert.Equal(Errno.EINVAL, _rig.Mapper.UnmapPhys(_rig.Translated, copy.Address, 0x4000, DmaDirection.ToDevice, DmaAttributes.None));
        _rig.AssertIdle();
    }

    [Fact]
    public void R64_AReservationIsSixteenBytes() => Assert.Equal(16, System.Runtime.CompilerServices.Unsafe.SizeOf<IovaReservation>());

    [Fact]
    public void R65a_R65b_OnlyPartialEdgesBounce_AndNotWhereTheyMayNot()
    {
        IovaReservation reservation = Reserve(_rig.Untrusted, 0x1e00, 0x5400);
        Assert.Equal(Errno.EPERM, LinkUntrusted(ref reservation, 0x1e00, 0x200, 0, DmaAttributes.Mmio));
        Assert.Equal(Errno.EPERM, LinkUntrusted(ref reservation, 0x1e00, 0x200, 0, DmaAttributes.RequireCoherent));
        Assert.False(reservation.UsesBounce);
        Assert.Equal(Errno.None, LinkUntrusted(ref reservation, 0x1e00, 0x2200, 0));
        Assert.True(reservation.UsesBounce);
        Assert.Equal(0x200, _rig.Bounce!.Statistics.BytesIn);
        Assert.Equal(Errno.None, LinkUntrusted(ref reservation, 0x8000, 0x1800, 0x2200));
        Assert.Equal(0xa00, _rig.Bounce.Statistics.BytesIn);
        Assert.Equal(4, _rig.Bounce.Statistics.UsedSlots);
        Assert.True(_rig.Table.TryTranslate(reservation.Address.Add(0x200), out IommuTranslation interior));
        Assert.Equal(0x2000UL, interior.Address.Value);
        Assert.Equal(Errno.None, _rig.Mapper.Unlink(_rig.Untrusted, ref reservation, 0x2200, 0x1800, DmaDirection.ToDevice, DmaAttributes.None));
        Assert.Equal(2, _rig.Bounce.Statistics.UsedSlots);
        Assert.Equal(Errno.None, _rig.Mapper.Destroy(_rig.Untrusted, ref reservation, 0x2200, DmaDirection.ToDevice, DmaAttributes.None));
        Assert.Equal(0, _rig.Bounce.Statistics.BytesOut);
        _rig.AssertIdle();
    }

    private IovaReservation Reserve(DmaDevice device, ulong first, ulong length)
    {
        Assert.True(_rig.Mapper.TryReserve(device, new(first), length, out IovaReservation reservation));
        Assert.Equal(length, reservation.Length);
        return reservation;
    }

    private Errno Link(ref IovaReservation reservation, ulong start, ulong length, ulong offset) =>
        _rig.Mapper.Link(_rig.Translated, ref reservation, new(new(start), length), offset, DmaDirection.Bidirectional, DmaAttributes.None);

    private Errno LinkUntrusted(ref IovaReservation reservation, ulong start, ulong length, ulong offset, DmaAttributes attributes = DmaAttributes.None) =>
        _rig.Mapper.Link(_rig.Untrusted, ref reservation, new(new(start), length), offset, DmaDirection.ToDevice, attributes);

    private Errno Unlink(ref IovaReservation reservation, ulong offset, ulong length) =>
        _rig.Mapper.Unlink(_rig.Translated, ref reservation, offset, length, DmaDirection.Bidirectional, DmaAttributes.None);

    private Errno Destroy(ref IovaReservation reservation, ulong length) =>
        _rig.Mapper.Destroy(_rig.Translated, ref reservation, length, DmaDirection.Bidirectional, DmaAttributes.None);
}
