// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>What exists between one registration of a pagemap and its teardown. A pagemap registered twice has two, so that a stale look-up of the first can
/// never revive the second (row R7c).</summary>
internal sealed unsafe class PagemapRegistration
{
    private readonly DescriptorStorage[] _storage;
    private readonly ulong _metadataPages;

    public PagemapRegistration(MemoryMap map, Pagemap pagemap, uint id, DescriptorStorage[] storage, bool isOffsetSpace)
    {
        Map = map;
        Pagemap = pagemap;
        Id = id;
        Type = pagemap.Type;
        IsOffsetSpace = isOffsetSpace;
        Altmap = pagemap.Altmap;
        _storage = storage;
        _metadataPages = Altmap is null ? 0 : Altmap.DataOffset >> PageSize.Shift4K;

        long baseline = 1;
        if (!Type.Attributes().CountsReferencesPerAllocation)
        {
            foreach (DescriptorStorage part in storage)
            {
                baseline += (long)((part.PageCount - (part == storage[0] ? _metadataPages : 0)) >> part.Layout.Order);
            }
        }

        References = new(baseline);
    }

    public MemoryMap Map { get; }

    public Pagemap Pagemap { get; }

    public uint Id { get; }

    public MemoryType Type { get; }

    public bool IsOffsetSpace { get; }

    public Altmap? Altmap { get; }

    public LiveReference References { get; }

    public ReadOnlySpan<DescriptorStorage> Storage => _storage;

    public long DescriptorCount
    {
        get
        {
            long count = 0;
            foreach (DescriptorStorage part in _storage)
            {
                count += part.Count;
            }

            return count;
        }
    }

    /// <summary>Whether a page is data of this pagemap: in a range, and not in the part that holds descriptors (row R8e).</summary>
    public bool IsDataPage(ulong page) => Find(page) is { } part && (part != _storage[0] || page - part.FirstPage >= _metadataPages);

    public bool TryGetPage(ulong page, out DevicePage found)
    {
        DescriptorStorage? part = Find(page);
        bool valid = part is not null && (part != _storage[0] || page - part.FirstPage >= _metadataPages);
        // SAFETY: the page is in the range, as At checks too, and the storage lives as long as the registration.
        found = valid ? new(this, part!.At(page), page) : default;
        return valid;
    }

    public DescriptorStorage? Find(ulong page)
    {
        foreach (DescriptorStorage part in _storage)
        {
            if (part.Contains(page))
            {
                return part;
            }
        }

        return null;
    }

    /// <summary>Says what fresh descriptors hold; nobody sees the storage yet.</summary>
    public void Initialize()
    {
        foreach (DescriptorStorage part in _storage)
        {
            part.SetInitial(Id, Type == MemoryType.Generic ? 1 : 0, part == _storage[0] ? _metadataPages : 0);
        }
    }

    public void FreeStorage()
    {
        for (int i = _storage.Length - 1; i >= 0; i--)
        {
            _storage[i].Free();
        }
    }
}
