// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tests.Debugging;

/// <summary>A driver that makes no mistake, at random.</summary>
internal sealed class LegalTraffic(DebugRig rig, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<(Action End, int Entries)> _live = [];

    public int Live => _live.Sum(static live => live.Entries);

    public void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            switch (_random.Next(6))
            {
                case 0 or 1:
                    Stream();
                    break;
                case 2:
                    List();
                    break;
                case 3:
                    Allocate();
                    break;
                case 4:
                    TwoStep();
                    break;
                default:
                    EndOne();
                    break;
            }

            if (_live.Count > 40)
            {
                EndOne();
            }
        }
    }

    public void End()
    {
        while (_live.Count != 0)
        {
            EndOne();
        }
    }

    private DmaDevice Device() => _random.Next(2) == 0 ? rig.Direct : rig.Translated;

    // Clear of the kernel, the stack and the vmalloc area, and of what the allocator hands out.
    private ulong Start() => 0x400_0000 + ((ulong)_random.Next(0x4000) << 12) + (ulong)(_random.Next(2) * _random.Next(4096));

    private DmaDirection Direction() => (DmaDirection)_random.Next(3);

    private void Stream()
    {
        DmaDevice device = Device();
        ulong length = (ulong)_random.Next(1, 20000);
        DmaDirection direction = Direction();
        DmaAddress address = rig.Map(device, Start(), length, direction);
        ulong offset = (ulong)_random.NextInt64((long)length);
        rig.Mapper.SyncForCpu(device, new(address.Value + offset), length - offset, direction);
        rig.Mapper.SyncForDevice(device, address, offset + 1, direction);
        rig.Debugger.OnDeviceAccess(device, new(address, length), isWrite: direction == DmaDirection.FromDevice);
        _live.Add((() => Assert.Equal(Errno.None, rig.Mapper.UnmapPhys(device, address, length, direction, DmaAttributes.None)), 1));
    }

    private void List()
    {
        DmaDevice device = Device();
        DmaDirection direction = Direction();
        RangeList list = DmaRig.List([.. Enumerable.Range(0, _random.Next(1, 6)).Select(_ => (Start() & ~0xfffUL, (ulong)_random.Next(1, 4) << 12))]);
        Assert.True(rig.Mapper.TryMap(device, list, direction, DmaAttributes.None, out DmaMapping? mapping, out DmaMapError? error), error?.ToString());
        foreach (DmaEntry entry in mapping!.Addresses)
        {
            rig.Debugger.OnDeviceAccess(device, entry.Range, isWrite: direction == DmaDirection.FromDevice);
        }

        _live.Add((mapping.Dispose, mapping.Addresses.EntryCount));
    }

    private void Allocate()
    {
        DmaDevice device = Device();
        Assert.Null(rig.Mapper.TryAllocateCoherent(device, (ulong)_random.Next(1, 9000), DmaAttributes.None, out CoherentMemory? memory));
        rig.Debugger.OnDeviceAccess(device, new(memory!.Address, memory.Range.Length), isWrite: true);
        _live.Add((memory.Dispose, 1));
    }

    private void TwoStep()
    {
        ulong pages = (ulong)_random.Next(1, 8);
        DmaDirection direction = Direction();
        Assert.True(rig.Mapper.TryReserve(rig.Translated, new(0), pages << 12, out IovaReservation reservation));
        for (ulong page = 0; page < pages; page++)
        {
            Assert.Equal(Errno.None, rig.Mapper.Link(rig.Translated, ref reservation, new(new(Start() & ~0xfffUL), 0x1000), page << 12, direction, DmaAttributes.None));
        }

        Assert.Equal(Errno.None, rig.Mapper.Sync(rig.Translated, ref reservation, 0, pages << 12));
        rig.Debugger.OnDeviceAccess(rig.Translated, new(reservation.Address, pages << 12), isWrite: direction == DmaDirection.FromDevice);
        if (pages > 2 && _random.Next(2) == 0)
        {
            Assert.Equal(Errno.None, rig.Mapper.Unlink(rig.Translated, ref reservation, (pages - 1) << 12, 0x1000, direction, DmaAttributes.None));
            pages--;
        }

        _live.Add((() => Assert.Equal(Errno.None, rig.Mapper.Destroy(rig.Translated, ref reservation, pages << 12, direction, DmaAttributes.None)), (int)pages + 1));
    }

    private void EndOne()
    {
        if (_live.Count != 0)
        {
            int index = _random.Next(_live.Count);
            _live[index].End();
            _live.RemoveAt(index);
        }
    }
}
