// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Tests;

/// <summary>In steady state no form of the API but the one that gives objects allocates. The page table here is one entry that is only remembered: a real one has a test of its own.</summary>
public sealed class MapperAllocationTests : IDisposable
{
    private readonly CountingDomain _table = new();
    private readonly Physr.Dma.Iova.IovaAllocator _iova = new(4096, new(0), new(uint.MaxValue));
    private readonly DmaRig _rig = new();
    private readonly DmaDevice _device;

    public MapperAllocationTests() => _device = new("steady") { Domain = new(_table, _iova, Physr.Dma.Iommu.IommuFlushMode.Strict) };

    public void Dispose()
    {
        _rig.Dispose();
        _iova.Dispose();
    }

    [Fact]
    public void R66_StreamingAllocatesNothing() => Assert.Equal(0, AllocationProbe.Least(() =>
    {
        for (int i = 0; i < 100; i++)
        {
            if (_rig.Mapper.TryMapPhys(_device, new(new(0x1234), 0x3000), DmaDirection.ToDevice, DmaAttributes.None, out DmaAddress address) is not null
                || _rig.Mapper.UnmapPhys(_device, address, 0x3000, DmaDirection.ToDevice, DmaAttributes.None) != Errno.None
                || _rig.Mapper.TryMapPhys(_rig.Direct, new(new(0x1234), 0x3000), DmaDirection.ToDevice, DmaAttributes.None, out address) is not null
                || _rig.Mapper.UnmapPhys(_rig.Direct, address, 0x3000, DmaDirection.ToDevice, DmaAttributes.None) != Errno.None)
            {
                throw new InvalidOperationException();
            }
        }
    }));

    [Fact]
    public void R64_TheTwoStepFormAllocatesNothing() => Assert.Equal(0, AllocationProbe.Least(() =>
    {
        for (int i = 0; i < 100; i++)
        {
            bool isReserved = _rig.Mapper.TryReserve(_device, new(0x1200), 0x2e00, out IovaReservation reservation);
            if (!isReserved
                || _rig.Mapper.Link(_device, ref reservation, new(new(0x1200), 0xe00), 0, DmaDirection.ToDevice, DmaAttributes.None) != Errno.None
                || _rig.Mapper.Link(_device, ref reservation, new(new(0x8000), 0x2000), 0xe00, DmaDirection.ToDevice, DmaAttributes.None) != Errno.None
                || _rig.Mapper.Sync(_device, ref reservation, 0, 0x2e00) != Errno.None
                || _rig.Mapper.Destroy(_device, ref reservation, 0x2e00, DmaDirection.ToDevice, DmaAttributes.None) != Errno.None)
            {
                throw new InvalidOperationException();
            }
        }
    }));

    [Fact]
    public void R66b_BouncingAllocatesNothing()
    {
        Touch(DmaRig.HighRam, 0x1000);
        Touch(_rig.Bounce!.Range.Start.Value, _rig.Bounce.Range.Length);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            if (_rig.Mapper.TryMapPhys(_rig.Narrow, new(new(DmaRig.HighRam), 0x800), DmaDirection.Bidirectional, DmaAttributes.None, out DmaAddress address) is not null
                || _rig.Mapper.UnmapPhys(_rig.Narrow, address, 0x800, DmaDirection.Bidirectional, DmaAttributes.None) != Errno.None)
            {
                throw new InvalidOperationException();
            }
        }));
    }

    [Fact]
    public void R53a_StreamingPeersAllocatesNothing()
    {
        P2PProvider peer = _rig.Peer("peer", 0x20_0000_0000, 1 << 20, P2PMapType.BusAddress);
        PhysicalRange range = peer.Range.Slice(0, 0x1000);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            if (_rig.Mapper.TryMapPhys(_rig.Direct, range, DmaDirection.ToDevice, DmaAttributes.Mmio, out DmaAddress address) is not null
                || _rig.Mapper.UnmapPhys(_rig.Direct, address, 0x1000, DmaDirection.ToDevice, DmaAttributes.Mmio) != Errno.None)
            {
                throw new InvalidOperationException();
            }
        }));
    }

    private void Touch(ulong start, ulong length)
    {
        for (ulong at = start; at < start + length; at += 4096)
        {
            _rig.Memory[at] = 1;
        }
    }
}
