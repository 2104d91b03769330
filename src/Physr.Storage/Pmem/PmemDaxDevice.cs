// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage.Pmem;

/// <summary>The data of an enabled namespace. Beside what its medium does, it takes the poison off pages whose bytes were given new ones.</summary>
internal sealed class PmemDaxDevice(PersistentMemory medium, PhysicalAddress start, ProviderIndex provider, Pagemap? pagemap) : IDaxDevice
{
    private readonly MediaDaxDevice _inner = new(medium, start, provider);

    public string Name => _inner.Name;

    public ulong Length => _inner.Length;

    public bool IsReadOnly => _inner.IsReadOnly;

    public PersistenceGranularity Granularity => _inner.Granularity;

    public PhysicalRange Range => _inner.Range;

    public PersistentMemory Medium => medium;

    public Errno TryRead(ulong offset, Span<byte> destination) => _inner.TryRead(offset, destination);

    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source) => _inner.TryWrite(offset, source);

    public Errno TryFlush(ulong offset, ulong length) => _inner.TryFlush(offset, length);

    public Errno TryFence() => _inner.TryFence();

    public Errno TryClearErrors(ulong offset, ulong length, out ulong cleared)
    {
        Errno errno = _inner.TryClearErrors(offset, length, out cleared);
        if (cleared != 0 && pagemap is not null)
        {
            ulong unit = PageSize.Size4K << pagemap.MetadataOrder;
            for (ulong at = Alignment.Down(offset, unit); at < offset + length; at += unit)
            {
                if (!medium.Errors.Overlaps(at, unit) && pagemap.TryGetPage(start.Add(at).Frame, out DevicePage page))
                {
                    page.Head.Clear(PageFlags.Poisoned);
                }
            }
        }

        return errno;
    }

    public Errno TryDirectAccess(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason) => _inner.TryDirectAccess(offset, length, access, list, out reason);

    public bool TryFindOffset(PhysicalAddress address, out ulong offset) => _inner.TryFindOffset(address, out offset);
}
