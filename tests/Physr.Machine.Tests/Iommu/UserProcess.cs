// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd;

namespace Physr.Machine.Tests.Iommu;

/// <summary>A process on the simulated machine: consecutive virtual pages on frames of its RAM that lie in no order.</summary>
internal sealed class UserProcess : IUserMemory
{
    private const ulong Base = 0x7f00_0000_0000;

    private readonly SimulatedMachine _machine;
    private readonly PhysicalRange _frames;
    private readonly int[] _order;
    private readonly Dictionary<ulong, int> _pins = [];

    public UserProcess(SimulatedMachine machine, int pages)
    {
        _machine = machine;
        Assert.Equal(Errno.None, machine.Memory.TryAllocate((ulong)pages * PageSize.Size4K, "process", out _frames));

        // Seven is prime to the counts used: every frame once, no two neighbours together.
        _order = [.. Enumerable.Range(0, pages).Select(page => page * 7 % pages)];
    }

    public string Name => "process";

    public bool IsExemptFromLimits => false;

    public MemoryLockAccount UserLocked { get; } = new();

    public MemoryLockAccount Locked { get; } = new();

    public MemoryLockAccount Pinned { get; } = new();

    /// <summary>Pins of all pages together.</summary>
    public int Pins => _pins.Values.Sum();

    public static VirtualAddress At(ulong offset) => new(Base + offset);

    public Errno TryPin(VirtualAddress address, ulong length, bool writable, List<PhysicalRange> frames)
    {
        ulong first = (address.Value - Base) / PageSize.Size4K;
        if (address.Value < Base || first + (length / PageSize.Size4K) > (ulong)_order.Length)
        {
            return Errno.EFAULT;
        }

        for (ulong page = first; page < first + (length / PageSize.Size4K); page++)
        {
            PhysicalRange frame = Frame(page);
            frames.Add(frame);
            _pins[frame.Start.Value] = _pins.GetValueOrDefault(frame.Start.Value) + 1;
        }

        return Errno.None;
    }

    public void Unpin(PhysicalRange frames, bool dirty)
    {
        for (ulong at = frames.Start.Value; at < frames.End.Value; at += PageSize.Size4K)
        {
            Assert.True(--_pins[at] >= 0);
        }
    }

    public Errno TryRead(VirtualAddress address, Span<byte> destination)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            _machine.Memory.Read(Physical(address.Value + (ulong)i), destination.Slice(i, 1));
        }

        return Errno.None;
    }

    public Errno TryWrite(VirtualAddress address, ReadOnlySpan<byte> source)
    {
        for (int i = 0; i < source.Length; i++)
        {
            _machine.Memory.Write(Physical(address.Value + (ulong)i), source.Slice(i, 1));
        }

        return Errno.None;
    }

    private PhysicalRange Frame(ulong page) => _frames.Slice((ulong)_order[(int)page] * PageSize.Size4K, PageSize.Size4K);

    private PhysicalAddress Physical(ulong address) => Frame((address - Base) / PageSize.Size4K).Start.Add((address - Base) % PageSize.Size4K);
}
