// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>A swap area: slots with a count of the entries that name each (the kernel's swap map).</summary>
public sealed class SwapArea
{
    private readonly ISwapStore _store;
    private readonly Lock _lock = new();
    private readonly int[] _counts;
    private readonly Dictionary<ulong, PageKey> _cache = [];
    private ulong _next = 1;
    private long _used;

    internal SwapArea(int index, ISwapStore store)
    {
        Index = index;
        _store = store;
        _counts = new int[checked((int)store.Pages)];
    }

    /// <summary>Which, 0 to 23.</summary>
    public int Index { get; }

    /// <summary>Slots in use.</summary>
    public long UsedSlots => Volatile.Read(ref _used);

    /// <summary>Writes a page to a free slot, which gets one entry.</summary>
    internal Errno TryStore(ReadOnlySpan<byte> page, out ulong slot)
    {
        slot = 0;
        lock (_lock)
        {
            for (ulong tried = 1; tried < _store.Pages && slot == 0; tried++)
            {
                slot = _counts[_next] == 0 ? _next : 0;
                _next = _next + 1 < _store.Pages ? _next + 1 : 1;
            }

            if (slot == 0)
            {
                return Errno.ENOSPC;
            }

            _counts[slot] = 1;
            _used++;
        }

        Errno errno = _store.Write(slot, page);
        if (errno != Errno.None)
        {
            Release(slot, out _);
            slot = 0;
        }

        return errno;
    }

    internal Errno Load(ulong slot, Span<byte> page) => _store.Read(slot, page);

    /// <summary>One more entry names the slot.</summary>
    internal void Duplicate(ulong slot)
    {
        lock (_lock)
        {
            _counts[slot] = checked(_counts[slot] + 1);
        }
    }

    /// <summary>How many entries name the slot.</summary>
    internal int CountOf(ulong slot)
    {
        lock (_lock)
        {
            return _counts[slot];
        }
    }

    /// <summary>One entry less; the last frees the slot.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="cached">The page that stood for it in RAM, whose reference is the caller's now; or none.</param>
    internal void Release(ulong slot, out PageKey? cached)
    {
        lock (_lock)
        {
            cached = null;
            if (_counts[slot] <= 0)
            {
                throw new PhysrException("free swap slot", $"{Index}:{slot}", Errno.EINVAL, "no entry names it");
            }

            if (--_counts[slot] == 0)
            {
                _used--;
                cached = _cache.Remove(slot, out PageKey key) ? key : null;
            }
        }
    }

    /// <summary>Whether a page stands for a slot in RAM.</summary>
    internal bool IsCached(ulong slot)
    {
        lock (_lock)
        {
            return _cache.ContainsKey(slot);
        }
    }

    /// <summary>The page that stands for a slot in RAM, with a reference.</summary>
    internal bool TryGetCached(ulong slot, PhysicalMemory memory, out Page page)
    {
        lock (_lock)
        {
            bool found = _cache.TryGetValue(slot, out PageKey key);
            page = found ? memory.PageOf(key) : default;
            if (found)
            {
                page.Get();
            }

            return found;
        }
    }

    /// <summary>Lets a page stand for a slot that others name too.</summary>
    internal bool TryCache(ulong slot, PageKey key)
    {
        lock (_lock)
        {
            return _counts[slot] > 0 && _cache.TryAdd(slot, key);
        }
    }
}
