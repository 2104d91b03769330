// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Fabric;

namespace Physr.Machine.Host;

/// <summary>The host's page allocator: page-aligned, physically contiguous runs of RAM, first fit, neighbours joined when given back.</summary>
public sealed class HostMemory : IHostMemory
{
    private readonly SortedList<ulong, ulong> _free = [];
    private readonly Dictionary<ulong, (ulong Length, string? Purpose)> _taken = [];
    private int _kept;
    private readonly PciFabric _fabric;

    internal HostMemory(PciFabric fabric)
    {
        _fabric = fabric;

        // The first MiB is firmware's, as on every PC: address zero is never handed out.
        const ulong Firmware = 1UL << 20;
        RamLayout layout = fabric.Layout;
        _free.Add(Firmware, layout.Low.Length - Firmware);
        if (!layout.High.IsEmpty)
        {
            _free.Add(layout.High.Start.Value, layout.High.Length);
        }
    }

    /// <summary>Runs not given back.</summary>
    public int Outstanding => _taken.Count - _kept;

    /// <summary>What they are for.</summary>
    public IEnumerable<string> OutstandingPurposes => _taken.Values.Where(static run => run.Purpose is not null).Select(static run => run.Purpose!);

    /// <summary>Says that a run is the host's own for as long as it runs: it counts as given back.</summary>
    internal void Keep(PhysicalRange range)
    {
        _taken[range.Start.Value] = (range.Length, null);
        _kept++;
    }

    /// <summary>Takes a run, as low as there is one.</summary>
    /// <param name="length">Bytes, rounded up to 4 KiB; not zero.</param>
    /// <param name="purpose">For leak reports.</param>
    /// <param name="range">The run.</param>
    /// <returns><see cref="Errno.ENOMEM"/> where no free run is that long.</returns>
    public Errno TryAllocate(ulong length, string purpose, out PhysicalRange range) => TryAllocate(length, new PhysicalAddress(ulong.MaxValue), purpose, out range);

    /// <inheritdoc/>
    public Errno TryAllocate(ulong length, PhysicalAddress last, string purpose, out PhysicalRange range) => TryTake(length, 0, last.Value, purpose, out range);

    /// <summary>Takes a run for which any address will do: above 4 GiB where there is one, so that low memory is left to devices that reach no other (the kernel's zones:
    /// <c>Normal</c> before <c>DMA32</c>).</summary>
    /// <param name="length">Bytes, rounded up to 4 KiB; not zero.</param>
    /// <param name="purpose">For leak reports.</param>
    /// <param name="range">The run.</param>
    /// <returns><see cref="Errno.ENOMEM"/> where no free run is that long.</returns>
    public Errno TryAllocateOrdinary(ulong length, string purpose, out PhysicalRange range)
    {
        Errno errno = TryTake(length, RamLayout.HighBase, ulong.MaxValue, purpose, out range);
        return errno == Errno.None ? errno : TryTake(length, 0, ulong.MaxValue, purpose, out range);
    }

    /// <summary>Gives a run back.</summary>
    /// <exception cref="PhysrException">It was not taken, or was given back before.</exception>
    public void Free(PhysicalRange range)
    {
        if (!_taken.Remove(range.Start.Value, out (ulong Length, string? Purpose) run) || run.Length != range.Length)
        {
            throw new PhysrException("free host memory", range.ToString(), Errno.EINVAL, "this run was not allocated");
        }

        _kept -= run.Purpose is null ? 1 : 0;
        ulong start = range.Start.Value;
        ulong length = range.Length;
        if (_free.Remove(start + length, out ulong after))
        {
            length += after;
        }

        int before = LastBefore(start);
        if (before >= 0 && _free.Keys[before] + _free.Values[before] == start)
        {
            _free.SetValueAtIndex(before, _free.Values[before] + length);
        }
        else
        {
            _free.Add(start, length);
        }
    }

    /// <summary>The bytes of a run that lies within one chunk of RAM; longer runs are reached piecewise by <see cref="Read"/> and <see cref="Write"/>.</summary>
    public Span<byte> SpanAt(PhysicalAddress address, ulong length) => _fabric.Ram.SpanAt(OffsetOf(address), length);

    /// <summary>Copies bytes out of RAM, as the CPU.</summary>
    public void Read(PhysicalAddress address, Span<byte> destination) => _fabric.Ram.Read(OffsetOf(address), destination);

    /// <summary>Copies bytes into RAM, as the CPU.</summary>
    public void Write(PhysicalAddress address, ReadOnlySpan<byte> source) => _fabric.Ram.Write(OffsetOf(address), source);

    /// <summary>Where in the memory that RAM is an address lies; it stays there.</summary>
    internal ulong OffsetOf(PhysicalAddress address) =>
        _fabric.Layout.TryLocate(address.Value, out PhysicalRange ram, out ulong offset)
            ? offset + address.OffsetFrom(ram.Start)
            : throw new PhysrException("access RAM", address.ToString(), Errno.EFAULT, "there is no RAM at this address");

    private Errno TryTake(ulong length, ulong first, ulong last, string purpose, out PhysicalRange range)
    {
        ArgumentOutOfRangeException.ThrowIfZero(length);
        ulong rounded = Alignment.Up(length, PageSize.Size4K);
        foreach ((ulong start, ulong free) in _free)
        {
            if (free < rounded || start < first)
            {
                continue;
            }

            if (start + (rounded - 1) > last)
            {
                break;
            }

            _free.Remove(start);
            if (free > rounded)
            {
                _free.Add(start + rounded, free - rounded);
            }

            range = new(new(start), rounded);
            _taken.Add(start, (rounded, purpose));
            return Errno.None;
        }

        range = default;
        return Errno.ENOMEM;
    }

    private int LastBefore(ulong start)
    {
        int low = 0;
        int high = _free.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_free.Keys[middle] < start)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }
}
