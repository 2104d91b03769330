// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Bounce;

namespace Physr.Dma.Tests.Bounce;

public sealed class BouncePoolTests : IDisposable
{
    private readonly ByteMemory _memory = new(new(new(0x10_3000), 64 << 20));
    private readonly DmaDevice _device = new("card");
    private readonly BouncePool _pool;

    public BouncePoolTests() => _pool = Make(1 << 20);

    public void Dispose() => _pool.Dispose();

    [Fact]
    public void R65_APoolLiesWhereItWasTold_AndGivesItsMemoryBack()
    {
        BouncePool pool = Make((256 << 10) + 1);
        Assert.Equal(512UL << 10, pool.Range.Length);
        Assert.Equal(256, pool.Statistics.TotalSlots);
        Assert.Equal(2, _memory.Taken);
        pool.Dispose();
        pool.Dispose();
        Assert.Equal(1, _memory.Taken);
        Assert.Equal(Errno.ENOMEM, BouncePool.TryCreate(_memory, new() { Length = 1 << 20, Last = new(0x10_ffff) }, out _));
        Assert.Equal(Errno.EINVAL, BouncePool.TryCreate(_memory, new() { Length = 0 }, out _));
        Assert.Equal(Errno.EINVAL, BouncePool.TryCreate(_memory, new() { Areas = 0 }, out _));
    }

    [Fact]
    public void R65c_BytesGoInAndComeBack_ByDirection()
    {
        PhysicalRange original = new(new(0x9000_0123), 5000);
        byte[] before = Bytes(original);
        PhysicalAddress slot = Map(original, DmaDirection.ToDevice);
        Assert.Equal(before, Bytes(new(slot, original.Length)));
        _memory.Write(slot, new byte[5000]);
        Assert.Equal(Errno.None, _pool.Unmap(_device, slot, 5000, DmaDirection.ToDevice, DmaAttributes.None));
        Assert.Equal(before, Bytes(original));

        slot = Map(original, DmaDirection.FromDevice);
        _memory.Write(slot.Add(7), [1, 2, 3]);
        Assert.Equal(Errno.None, _pool.Unmap(_device, slot, 5000, DmaDirection.FromDevice, DmaAttributes.None));
        new byte[] { 1, 2, 3 }.CopyTo(before, 7);
        Assert.Equal(before, Bytes(original));
        Assert.Equal((10000, 5000), (_pool.Statistics.BytesIn, _pool.Statistics.BytesOut));
    }

    [Fact]
    public void R65c_SynchronizingCopiesThePartAskedFor_TheWayTheDirectionAllows()
    {
        PhysicalRange original = new(new(0x9000_0000), 0x2000);
        PhysicalAddress slot = Map(original, DmaDirection.Bidirectional);
        _memory.Write(slot, [9, 9, 9, 9]);
        Assert.Equal(Errno.None, _pool.SyncForCpu(slot.Add(1), 2, DmaDirection.ToDevice));
        Assert.NotEqual([9, 9], Bytes(new(original.Start.Add(1), 2)));
        Assert.Equal(Errno.None, _pool.SyncForCpu(slot.Add(1), 2, DmaDirection.FromDevice));
        Assert.Equal([ByteMemory.Pattern(0x9000_0000), 9, 9, ByteMemory.Pattern(0x9000_0003)], Bytes(new(original.Start, 4)));
        _memory.Write(original.Start.Add(0x1ffe), [5, 6]);
        Assert.Equal(Errno.None, _pool.SyncForDevice(slot.Add(0x1ffe), 2, DmaDirection.FromDevice));
        Assert.NotEqual([5, 6], Bytes(new(slot.Add(0x1ffe), 2)));
        Assert.Equal(Errno.None, _pool.SyncForDevice(slot.Add(0x1ffe), 2, DmaDirection.ToDevice));
        Assert.Equal([5, 6], Bytes(new(slot.Add(0x1ffe), 2)));
        Assert.Equal(Errno.EINVAL, _pool.SyncForCpu(slot.Add(0x1fff), 2, DmaDirection.Bidirectional));
        Assert.Equal(Errno.EINVAL, _pool.SyncForCpu(slot.Add(0x2000), 1, DmaDirection.Bidirectional));
        Assert.Equal(Errno.EINVAL, _pool.SyncForCpu(slot, 0, DmaDirection.Bidirectional));
        Assert.Equal(Errno.EINVAL, _pool.SyncForCpu(original.Start, 1, DmaDirection.Bidirectional));
        Assert.Equal(Errno.None, _pool.Unmap(_device, slot, 0x2000, DmaDirection.ToDevice, DmaAttributes.None));
    }

    [Fact]
    public void R65_WhatASlotHeldBeforeIsNeverSeenAgain()
    {
        PhysicalAddress slot = Map(new(new(0x9000_0000), 4096), DmaDirection.ToDevice, unit: 4096);
        Assert.Equal(Errno.None, _pool.Unmap(_device, slot, 4096, DmaDirection.ToDevice, DmaAttributes.None));

        // The slack around the data is zeroed, and so is the data where the caller puts it there himself.
        PhysicalAddress next = Map(new(new(0x9000_5010), 16), DmaDirection.ToDevice, unit: 4096);
        Assert.Equal(slot.Add(0x10), next);
        byte[] seen = Bytes(new(slot, 4096));
        Assert.Equal(Bytes(new(new(0x9000_5010), 16)), seen[16..32]);
        Assert.All(seen[..16].Concat(seen[32..]), static value => Assert.Equal(0, value));
        Assert.Equal(Errno.None, _pool.Unmap(_device, next, 16, DmaDirection.ToDevice, DmaAttributes.None));
        next = Map(new(new(0x9000_5010), 16), DmaDirection.FromDevice, unit: 0, attributes: DmaAttributes.SkipCpuSync);
        Assert.All(Bytes(new(next, 16)), static value => Assert.Equal(0, value));
        Assert.Equal(Errno.None, _pool.Unmap(_device, next, 16, DmaDirection.FromDevice, DmaAttributes.SkipCpuSync));
        Assert.Equal(ByteMemory.Pattern(0x9000_5010), _memory[0x9000_5010]);
    }

    [Theory]
    [InlineData(0xfffUL, 0UL)]
    [InlineData(0x1ffUL, 0UL)]
    [InlineData(0x3fffUL, 0UL)]
    [InlineData(0xfffUL, 0x1000UL)]
    [InlineData(0xffffUL, 0x1_0000UL)]
    public void R65_TheAddressBitsAskedForAreKept(ulong mask, ulong unit)
    {
        List<(PhysicalAddress Slot, ulong Length)> live = [];
        for (ulong i = 0; i < 24; i++)
        {
            PhysicalRange original = new(new(0x9000_0000 + (i * 0x1235)), 1 + (i * 97));
            PhysicalAddress slot = Map(original, DmaDirection.ToDevice, mask, unit);
            Assert.Equal(original.Start.Value & mask, slot.Value & mask);
            Assert.All(live, other => Assert.False(new PhysicalRange(other.Slot, other.Length).Overlaps(new(slot, original.Length))));
            live.Add((slot, original.Length));
            if (unit == 0x1_0000 && live.Count == 8)
            {
                break;
            }
        }

        live.ForEach(one => Assert.Equal(Errno.None, _pool.Unmap(_device, one.Slot, one.Length, DmaDirection.ToDevice, DmaAttributes.None)));
    }

    [Fact]
    public void R65b_MemoryOfDevicesAndCoherentMemoryNeverBounce()
    {
        Assert.Equal(Errno.EPERM, _pool.TryMap(_device, new(new(0x9000_0000), 1), 0, 0, DmaDirection.ToDevice, DmaAttributes.Mmio, out _));
        Assert.Equal(Errno.EPERM, _pool.TryMap(_device, new(new(0x9000_0000), 1), 0, 0, DmaDirection.ToDevice, DmaAttributes.RequireCoherent, out _));
        Assert.Equal(0, _pool.Statistics.Mappings);
    }

    [Fact]
    public void R65_ARunIsAtMost256KiB_AndAnExhaustedPoolSaysNotNow()
    {
        Assert.Equal(Errno.EINVAL, _pool.TryMap(_device, new(new(0x9000_0000), BouncePool.MaxRun + 1), 0, 0, DmaDirection.ToDevice, DmaAttributes.None, out _));
        Assert.Equal(Errno.EINVAL, _pool.TryMap(_device, new(new(0x9000_0001), BouncePool.MaxRun), 0xfff, 0, DmaDirection.ToDevice, DmaAttributes.None, out _));
        Assert.Equal(Errno.EINVAL, _pool.TryMap(_device, new(new(0x9000_0000), 1), 5, 0, DmaDirection.ToDevice, DmaAttributes.None, out _));
        PhysicalAddress[] runs = [.. Enumerable.Range(0, 4).Select(_ => Map(new(new(0x9000_0000), BouncePool.MaxRun), DmaDirection.ToDevice))];
        Assert.Equal(4, runs.Distinct().Count());
        Assert.Equal(Errno.ENOMEM, _pool.TryMap(_device, new(new(0x9000_0000), 1), 0, 0, DmaDirection.ToDevice, DmaAttributes.None, out _));
        Assert.Equal(512, _pool.UsedBy(_device));
        Assert.Equal(Errno.None, _pool.Unmap(_device, runs[2], BouncePool.MaxRun, DmaDirection.ToDevice, DmaAttributes.None));
        PhysicalAddress again = Map(new(new(0x9000_0000), 1), DmaDirection.ToDevice);
        Assert.Equal(runs[2], again);
        BounceStatistics statistics = _pool.Statistics;
        Assert.Equal((385, 512, 1, 5), (statistics.UsedSlots, statistics.HighWaterSlots, statistics.Exhausted, statistics.Mappings));
        Assert.Equal(Errno.EBUSY, PhysrExceptionOf(_pool.Dispose).Errno);
        foreach (PhysicalAddress run in runs)
        {
            _pool.Unmap(_device, run, run == runs[2] ? 1 : BouncePool.MaxRun, DmaDirection.ToDevice, DmaAttributes.None);
        }

        Assert.Equal((0, 0), (_pool.Statistics.UsedSlots, _pool.UsedBy(_device)));
    }

    [Fact]
    public void R65_AnUnmapOfWhatWasNotMappedSoIsRefused()
    {
        PhysicalAddress slot = Map(new(new(0x9000_0000), 0x1000), DmaDirection.FromDevice);
        Assert.Equal(Errno.EINVAL, _pool.Unmap(new("other"), slot, 0x1000, DmaDirection.FromDevice, DmaAttributes.None));
        Assert.Equal(Errno.EINVAL, _pool.Unmap(_device, slot, 0xfff, DmaDirection.FromDevice, DmaAttributes.None));
        Assert.Equal(Errno.EINVAL, _pool.Unmap(_device, slot.Add(0x800), 0x800, DmaDirection.FromDevice, DmaAttributes.None));
        Assert.Equal(Errno.EINVAL, _pool.Unmap(_device, slot.Add(0x1000), 0x1000, DmaDirection.FromDevice, DmaAttributes.None));
        Assert.Equal(Errno.None, _pool.Unmap(_device, slot, 0x1000, DmaDirection.FromDevice, DmaAttributes.None));
        Assert.Equal(Errno.EINVAL, _pool.Unmap(_device, slot, 0x1000, DmaDirection.FromDevice, DmaAttributes.None));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void R65_SlotsAreNeverHandedOutTwice_AgainstASetOfBytes(int areas)
    {
        BouncePool pool = Make(2 << 20, areas);
        for (int seed = 1; seed <= 6; seed++)
        {
            Random random = new(seed);
            List<(PhysicalAddress Slot, ulong Length)> live = [];
            for (int step = 0; step < 600; step++)
            {
                if (live.Count != 0 && random.Next(5) < 2)
                {
                    int victim = random.Next(live.Count);
                    Assert.Equal(Errno.None, pool.Unmap(_device, live[victim].Slot, live[victim].Length, DmaDirection.ToDevice, DmaAttributes.SkipCpuSync));
                    live.RemoveAt(victim);
                    continue;
                }

                ulong mask = (1UL << random.Next(0, 13)) - 1;
                ulong unit = random.Next(3) == 0 ? 4096UL : 0;
                ulong start = 0x9000_0000UL + (ulong)random.Next(1 << 20);
                ulong length = 1 + (ulong)random.NextInt64(random.Next(4) == 0 ? 200_000 : 9000);
                Errno errno = pool.TryMap(_device, new(new(start), length), mask, unit, DmaDirection.ToDevice, DmaAttributes.SkipCpuSync, out PhysicalAddress slot);
                if (errno == Errno.None)
                {
                    Assert.True(pool.Range.Contains(new PhysicalRange(slot, length)), $"seed {seed}");
                    Assert.Equal(start & mask, slot.Value & mask);
                    Assert.False(live.Exists(other => new PhysicalRange(other.Slot, other.Length).Overlaps(new(slot, length))), $"seed {seed} step {step}");
                    live.Add((slot, length));
                }
                else
                {
                    Assert.Equal(Errno.ENOMEM, errno);
                    Assert.NotEmpty(live);
                }
            }

            live.ForEach(one => Assert.Equal(Errno.None, pool.Unmap(_device, one.Slot, one.Length, DmaDirection.ToDevice, DmaAttributes.SkipCpuSync)));
            Assert.Equal(0, pool.Statistics.UsedSlots);
        }

        pool.Dispose();
    }

    [Fact]
    public void R65_ThreadsBounceSideBySideWithoutSharingASlot()
    {
        BouncePool pool = Make(1 << 20, areas: 2);
        int[] owners = new int[pool.Statistics.TotalSlots];
        int clashes = 0;
        Thread[] threads = [.. Enumerable.Range(1, 4).Select(number => new Thread(() =>
        {
            DmaDevice device = new($"card{number}");
            for (int i = 0; i < 3000; i++)
            {
                if (pool.TryMap(device, new(new(0x9000_0000), 3000), 0, 0, DmaDirection.ToDevice, DmaAttributes.SkipCpuSync, out PhysicalAddress slot) != Errno.None)
                {
                    continue;
                }

                int first = (int)((slot.Value - pool.Range.Start.Value) / BouncePool.SlotSize);
                clashes += Interlocked.Exchange(ref owners[first], number) == 0 ? 0 : 1;
                clashes += Interlocked.Exchange(ref owners[first + 1], number) == 0 ? 0 : 1;
                owners[first] = owners[first + 1] = 0;
                Thread.MemoryBarrier();
                clashes += pool.Unmap(device, slot, 3000, DmaDirection.ToDevice, DmaAttributes.SkipCpuSync) == Errno.None ? 0 : 1;
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Equal(0, clashes);
        Assert.Equal(0, pool.Statistics.UsedSlots);
        pool.Dispose();
    }

    private static PhysrException PhysrExceptionOf(Action action) => Assert.Throws<PhysrException>(action);

    private BouncePool Make(ulong length, int areas = 1)
    {
        Assert.Equal(Errno.None, BouncePool.TryCreate(_memory, new() { Length = length, Areas = areas }, out BouncePool? pool));
        return pool!;
    }

    private PhysicalAddress Map(PhysicalRange original, DmaDirection direction, ulong mask = 0, ulong unit = 0, DmaAttributes attributes = DmaAttributes.None)
    {
        Assert.Equal(Errno.None, _pool.TryMap(_device, original, Math.Max(mask, unit == 0 ? 0 : unit - 1), unit, direction, attributes, out PhysicalAddress slot));
        return slot;
    }

    private byte[] Bytes(PhysicalRange range)
    {
        byte[] bytes = new byte[range.Length];
        _memory.Read(range.Start, bytes);
        return bytes;
    }
}
