// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class P2PPool
{
    /// <summary>Hands out contiguous memory, the lowest there is (the kernel's <c>pci_alloc_p2pmem</c>, row R47).</summary>
    /// <param name="sizeBytes">How much, at least 1; rounded up to whole 4 KiB pages (row R47a).</param>
    /// <param name="range">The memory, of the rounded size; empty on failure.</param>
    /// <returns>False when no run of that size is free, for size 0, and after release (row R47d).</returns>
    public bool TryAllocate(ulong sizeBytes, out PhysicalRange range)
    {
        range = default;
        if (sizeBytes is 0 or > long.MaxValue)
        {
            return false;
        }

        ulong pages = Alignment.Up(sizeBytes, PageSize.Size4K) >> PageSize.Shift4K;
        lock (_lock)
        {
            foreach (P2PPoolChunk chunk in _chunks)
            {
                if (!_released && chunk.TryTake(pages, out range))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Takes memory back: an allocation, or any whole pages of one (an unmap gives page by page).</summary>
    /// <exception cref="PhysrException">The range is not memory that this pool handed out and that is still out.</exception>
    public void Free(PhysicalRange range)
    {
        lock (_lock)
        {
            P2PPoolChunk? chunk = _chunks.Find(candidate => !range.IsEmpty && candidate.Range.Contains(range));
            if (chunk is null || !chunk.TryGiveBack(range))
            {
                throw new PhysrException("free P2P memory", $"pool of {_device.Owner}", Errno.EINVAL, $"{range} is not allocated from it");
            }
        }
    }

    /// <summary>The bus address of memory of this pool (the kernel's <c>pci_p2pmem_virt_to_bus</c>, row R47c).</summary>
    /// <returns>False for other addresses and after release.</returns>
    public bool TryGetBusAddress(PhysicalAddress address, out DmaAddress busAddress)
    {
        lock (_lock)
        {
            P2PPoolChunk? chunk = _chunks.Find(candidate => candidate.Range.Contains(address));
            busAddress = chunk?.Provider.BusAddress(address) ?? default;
            return chunk is not null;
        }
    }

    /// <summary>Lets go of all BARs if no memory is out: all or nothing.</summary>
    /// <returns><see cref="Errno.None"/>, also when released before; <see cref="Errno.EBUSY"/> while memory is out or a page is held.</returns>
    public Errno TryRelease()
    {
        lock (_lock)
        {
            if (_chunks.Exists(chunk => chunk.UsedPages != 0 || chunk.Pagemap is { UserCount: > 0 }))
            {
                return Errno.EBUSY;
            }

            for (int i = _chunks.Count - 1; i >= 0; i--)
            {
                if (_chunks[i].Pagemap is { } pagemap && _device.Map.TryUnregister(pagemap) != Errno.None)
                {
                    // A look-up came in between; the parts released so far stay released, and the call can be repeated.
                    return Errno.EBUSY;
                }

                _chunks.RemoveAt(i);
            }

            _published = false;
            _released = true;
            return Errno.None;
        }
    }

    /// <summary>Releases the pool.</summary>
    /// <exception cref="PhysrException">Memory is still out.</exception>
    public void Dispose()
    {
        if (TryRelease() != Errno.None)
        {
            throw new PhysrException("release P2P pool", $"pool of {_device.Owner}", Errno.EBUSY, $"{UsedBytes} bytes are still out");
        }
    }
}
