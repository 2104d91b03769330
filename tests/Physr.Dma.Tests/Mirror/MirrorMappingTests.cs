// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Memory;

namespace Physr.Dma.Tests.Mirror;

public sealed class MirrorMappingTests : IDisposable
{
    private readonly DmaRig _rig = new();
    private readonly P2PProvider _near;
    private readonly P2PProvider _hosted;

    public MirrorMappingTests()
    {
        _near = _rig.Peer("near", 0x40_0000_0000, 1 << 20, P2PMapType.BusAddress);
        _hosted = _rig.Peer("hosted", 0x50_0000_0000, 1 << 20, P2PMapType.ThroughHostBridge);
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void R41_TheWholeRangeIsReservedOnce_AndPagesComeAndGoInIt()
    {
        MirrorMapping mirror = Create(_rig.Translated, 16);
        Assert.True(mirror.HasWindow);
        Assert.Equal((1, 0), (_rig.Iova.LiveCount, _rig.Table.Maps));
        mirror.Frames[3] = Page(0x9000, MirrorFlags.Valid);
        mirror.Frames[7] = Page(0x5000, MirrorFlags.Valid);
        Assert.Equal(Errno.None, mirror.TryMapPage(3, out DmaAddress third));
        Assert.Equal(Errno.None, mirror.TryMapPage(7, out DmaAddress seventh));
        Assert.Equal(4UL * 4096, seventh.Value - third.Value);
        Assert.Equal(_rig.CpuReads(DmaRig.List((0x9000, 0x1000))), _rig.DeviceReads(_rig.Translated, DmaRig.One(third, 0x1000)));
        Assert.True(mirror.UnmapPage(3));
        Assert.False(mirror.UnmapPage(3));
        Assert.Equal(MirrorFlags.Valid, mirror.Frames[3].Flags);
        Assert.Equal((1, 1), (_rig.Table.Granules, _rig.Table.Flushes));
        mirror.Dispose();
        _rig.AssertIdle();
    }

    [Fact]
    public void R41a_FlagsOfTheMappingOutliveANewLookAtThePageTables()
    {
        using MirrorMapping mirror = Create(_rig.Translated, 3);
        mirror.Frames[0] = Page(0x9000, MirrorFlags.Valid);
        mirror.Frames[1] = Page(_hosted.Range.Start.Value, MirrorFlags.Valid);
        mirror.Frames[2] = Page(_near.Range.Start.Value, MirrorFlags.Valid);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal(Errno.None, mirror.TryMapPage(i, out _));
            mirror.Frames[i] = mirror.Frames[i].Refresh(MirrorFrame.Of(mirror.Frames[i].Frame, MirrorFlags.Valid | MirrorFlags.Write));
        }

        const MirrorFlags Both = MirrorFlags.Valid | MirrorFlags.Write | MirrorFlags.DmaMapped;
        Assert.Equal([Both, Both | MirrorFlags.PeerToPeer, Both | MirrorFlags.BusAddress], mirror.Frames.ToArray().Select(static frame => frame.Flags));
        Assert.Equal(0x9000UL, mirror.Frames[0].Frame.Address.Value);
    }

    [Fact]
    public void R41b_APageThatIsMappedGivesItsAddressAgain_WithoutAnotherLink()
    {
        using MirrorMapping mirror = Create(_rig.Translated, 1);
        mirror.Frames[0] = Page(0x9000, MirrorFlags.Valid);
        Assert.Equal(Errno.None, mirror.TryMapPage(0, out DmaAddress first));
        mirror.Frames[0] = mirror.Frames[0].With(MirrorFlags.Write);
        Assert.Equal(Errno.None, mirror.TryMapPage(0, out DmaAddress again));
        Assert.Equal(first, again);
        Assert.Equal((1, 0), (_rig.Table.Maps, _rig.Table.Flushes));
    }

    [Fact]
    public void R41c_ABusAddressNeedsNoUnmap()
    {
        using MirrorMapping mirror = Create(_rig.Translated, 1);
        mirror.Frames[0] = Page(_near.Range.Start.Value + 0x1000, MirrorFlags.Valid);
        Assert.Equal(Errno.None, mirror.TryMapPage(0, out DmaAddress address));
        Assert.Equal(_near.BusAddress(_near.Range.Start.Add(0x1000)), address);
        Assert.Equal(0, _rig.Table.Maps);
        Assert.True(mirror.UnmapPage(0));
        Assert.Equal(0, _rig.Table.Flushes);
        Assert.Equal(MirrorFlags.Valid, mirror.Frames[0].Flags);
    }

    [Fact]
    public void R41d_DevicesThatMightBounceAreRefused()
    {
        Assert.Equal(Errno.EOPNOTSUPP, TryCreate(_rig.Untrusted, 4, 4096, out _));
        Assert.Equal(Errno.EOPNOTSUPP, TryCreate(_rig.Narrow, 4, 4096, out _));
        Assert.Equal(Errno.EINVAL, TryCreate(_rig.Direct, 0, 4096, out _));
        Assert.Equal(Errno.EINVAL, TryCreate(_rig.Direct, 4, 5000, out _));
        _rig.AssertIdle();
    }

    [Fact]
    public void R41_WithoutAnIommuTheAddressIsThePagesOwn()
    {
        MirrorMapping mirror = Create(_rig.Direct, 2);
        mirror.Frames[0] = Page(0x9000, MirrorFlags.Valid);
        mirror.Frames[1] = Page(_hosted.Range.Start.Value, MirrorFlags.Valid);
        Assert.Equal(Errno.None, mirror.TryMapPage(0, out DmaAddress address));
        Assert.Equal(0x9000UL, address.Value);
        Assert.Equal(Errno.None, mirror.TryMapPage(0, out address));
        Assert.Equal(0x9000UL, address.Value);
        Assert.Equal(Errno.None, mirror.TryMapPage(1, out address));
        Assert.Equal((2, 1), (_rig.Mapper.ActiveMappings, _hosted.ActiveUses));
        mirror.Dispose();
        _rig.AssertIdle();
    }

    [Fact]
    public void R41_WithoutAWindowEachPageHasAnAddressOfItsOwn()
    {
        using DmaRig small = new(lastIova: 0x6fff);
        Assert.Equal(Errno.None, MirrorMapping.TryCreate(small.Mapper, small.Map, small.Routes, small.Translated, 1000, 4096, out MirrorMapping? mirror));
        Assert.False(mirror!.HasWindow);
        mirror.Frames[999] = Page(0x9000, MirrorFlags.Valid);
        Assert.Equal(Errno.None, mirror.TryMapPage(999, out DmaAddress address));
        Assert.Equal(Errno.None, mirror.TryMapPage(999, out DmaAddress again));
        Assert.Equal(address, again);
        mirror.Dispose();
        small.AssertIdle();
    }

    [Fact]
    public void R41_PagesThatCannotBeReachedAreRefused_AndNothingIsNoted()
    {
        P2PProvider far = _rig.Peer("far", 0x60_0000_0000, 1 << 20, P2PMapType.NotSupported);
        using MirrorMapping mirror = Create(_rig.Translated, 3);
        mirror.Frames[0] = Page(far.Range.Start.Value, MirrorFlags.Valid);
        mirror.Frames[1] = Page(0x9000, MirrorFlags.None);
        mirror.Frames[2] = Page(0x9000, MirrorFlags.Valid | MirrorFlags.Error);
        Errno[] answers = [.. Enumerable.Range(0, 3).Select(i => mirror.TryMapPage(i, out DmaAddress address) is var errno && address == DmaAddress.MappingError ? errno : Errno.None)];
        Assert.Equal([Errno.EREMOTEIO, Errno.EFAULT, Errno.EFAULT], answers);
        Assert.DoesNotContain(mirror.Frames.ToArray(), static frame => frame.Has(MirrorFlags.DmaMapped));
    }

    private static MirrorFrame Page(ulong address, MirrorFlags flags) => MirrorFrame.Of(new PhysicalAddress(address).Frame, flags);

    private MirrorMapping Create(DmaDevice device, int pages)
    {
        Assert.Equal(Errno.None, TryCreate(device, pages, 4096, out MirrorMapping? mirror));
        return mirror!;
    }

    private Errno TryCreate(DmaDevice device, int pages, ulong pageSize, out MirrorMapping? mirror) =>
        MirrorMapping.TryCreate(_rig.Mapper, _rig.Map, _rig.Routes, device, pages, pageSize, out mirror);
}
