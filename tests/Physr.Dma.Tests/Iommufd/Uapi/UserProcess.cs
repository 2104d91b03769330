// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommufd;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>A process with memory in one place, whose frames lie apart, and the RAM under it. What it never mapped faults. Pins are counted, so that a leak shows.</summary>
internal sealed class UserProcess : IUserMemory, IHostMemory
{
    public const ulong Base = 0x1000_0000;
    public const ulong FirstFrame = 0x40_0000_0000;

    private readonly Lock _lock = new();
    private readonly byte[] _bytes;
    private readonly int[] _pins;
    private readonly bool _isScattered;

    public UserProcess(int pages, bool isScattered = false, string name = "process")
    {
        Name = name;
        Pages = pages;
        _bytes = new byte[pages * 4096];
        _pins = new int[pages];
        _isScattered = isScattered;
    }

    public string Name { get; }

    public int Pages { get; }

    public bool IsExemptFromLimits => false;

    public MemoryLockAccount UserLocked { get; init; } = new();

    public MemoryLockAccount Locked { get; } = new();

    public MemoryLockAccount Pinned { get; } = new();

    public long PinCount
    {
        get
        {
            lock (_lock)
            {
                return _pins.Sum(static pins => (long)pins);
            }
        }
    }

    public static VirtualAddress Address(ulong offset) => new(Base + offset);

    /// <summary>Where a byte of the process is in RAM; scattered frames have a hole after each.</summary>
    public PhysicalAddress PhysicalOf(ulong offset) => new(FirstFrame + (_isScattered ? ((offset >> 12) * 8192) + (offset & 4095) : offset));

    public Errno TryPin(VirtualAddress address, ulong length, bool writable, List<PhysicalRange> frames)
    {
        if (!Has(address, length))
        {
            return Errno.EFAULT;
        }

        lock (_lock)
        {
            for (ulong at = 0; at < length; at += 4096)
            {
                ulong offset = address.Value - Base + at;
                _pins[offset >> 12]++;
                frames.Add(new(PhysicalOf(offset), 4096));
            }

            return Errno.None;
        }
    }

    public void Unpin(PhysicalRange frames, bool dirty)
    {
        lock (_lock)
        {
            for (ulong at = 0; at < frames.Length; at += 4096)
            {
                Assert.True(--_pins[PageOf(frames.Start.Value + at)] >= 0, "a page was unpinned more often than pinned");
            }
        }
    }

    public Errno TryRead(VirtualAddress address, Span<byte> destination)
    {
        if (!Has(address, (ulong)destination.Length))
        {
            return Errno.EFAULT;
        }

        lock (_lock)
        {
            _bytes.AsSpan((int)(address.Value - Base), destination.Length).CopyTo(destination);
            return Errno.None;
        }
    }

    public Errno TryWrite(VirtualAddress address, ReadOnlySpan<byte> source)
    {
        if (!Has(address, (ulong)source.Length))
        {
            return Errno.EFAULT;
        }

        lock (_lock)
        {
            source.CopyTo(_bytes.AsSpan((int)(address.Value - Base)));
            return Errno.None;
        }
    }

    public T Get<T>(VirtualAddress address)
        where T : unmanaged
    {
        T value = default;
        Assert.Equal(Errno.None, TryRead(address, MemoryMarshal.AsBytes(new Span<T>(ref value))));
        return value;
    }

    public void Put<T>(VirtualAddress address, T value)
        where T : unmanaged => Assert.Equal(Errno.None, TryWrite(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value))));

    public Errno TryAllocate(ulong length, PhysicalAddress last, string purpose, out PhysicalRange range)
    {
        range = default;
        return Errno.ENOMEM;
    }

    public void Free(PhysicalRange range) => Assert.Fail("nothing was taken");

    public void Read(PhysicalAddress address, Span<byte> destination)
    {
        lock (_lock)
        {
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = _bytes[OffsetOf(address.Value + (ulong)i)];
            }
        }
    }

    public void Write(PhysicalAddress address, ReadOnlySpan<byte> source)
    {
        lock (_lock)
        {
            for (int i = 0; i < source.Length; i++)
            {
                _bytes[OffsetOf(address.Value + (ulong)i)] = source[i];
            }
        }
    }

    private bool Has(VirtualAddress address, ulong length) => address.Value >= Base && address.Value - Base <= (ulong)_bytes.Length && length <= (ulong)_bytes.Length - (address.Value - Base);

    private int PageOf(ulong physical) => (int)((physical - FirstFrame) / (_isScattered ? 8192UL : 4096));

    private int OffsetOf(ulong physical) => (PageOf(physical) * 4096) + (int)(physical & 4095);
}
