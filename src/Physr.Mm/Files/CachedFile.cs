// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <summary>A file whose pages are cached in RAM.</summary>
public abstract unsafe class CachedFile : MemoryFile
{
    private readonly Dictionary<ulong, PageKey> _pages = [];
    private readonly Lock _lock = new();
    private ulong _length;

    private protected CachedFile(PhysicalMemory memory, string name, ulong length)
        : base(memory, name) => _length = length;

    /// <inheritdoc/>
    public override ulong Length => Volatile.Read(ref _length);

    /// <summary>Pages of it in RAM.</summary>
    public int CachedPages
    {
        get
        {
            lock (_lock)
            {
                return _pages.Count;
            }
        }
    }

    private protected Lock CacheLock => _lock;

    private protected abstract PageFlags FreshFlags { get; }

    /// <summary>Reads bytes, as <c>pread</c>: up to the end of the file; what was never written is zero.</summary>
    /// <returns>How many bytes there were.</returns>
    public int Read(ulong offset, Span<byte> destination)
    {
        ThrowIfDisposed();
        ulong length = Length;
        int count = offset >= length ? 0 : (int)Math.Min((ulong)destination.Length, length - offset);
        for (int done = 0; done < count;)
        {
            ulong at = offset + (ulong)done;
            int into = (int)(at & (PageSize.Size4K - 1));
            Span<byte> part = destination.Slice(done, Math.Min(count - done, (int)PageSize.Size4K - into));
            if (TryGetPage(at >> PageSize.Shift4K, null, mayFill: HasStore, out Page page) == Errno.None)
            {
                // SAFETY: a page that we hold a reference to.
                new ReadOnlySpan<byte>(Memory.BytesOf(page) + into, part.Length).CopyTo(part);
                Memory.Put(page);
            }
            else
            {
                part.Clear();
            }

            done += part.Length;
        }

        return count;
    }

    /// <summary>Writes bytes, as <c>pwrite</c>; the file grows where they end beyond it.</summary>
    /// <returns><see cref="Errno.ENOMEM"/>, <see cref="Errno.EIO"/>: what lies before may have been written.</returns>
    public Errno Write(ulong offset, ReadOnlySpan<byte> source)
    {
        ThrowIfDisposed();
        ulong end = checked(offset + (ulong)source.Length);
        if (end > Length)
        {
            Grow(end);
        }

        for (int done = 0; done < source.Length;)
        {
            ulong at = offset + (ulong)done;
            int into = (int)(at & (PageSize.Size4K - 1));
            ReadOnlySpan<byte> part = source.Slice(done, Math.Min(source.Length - done, (int)PageSize.Size4K - into));
            Errno errno = TryGetPage(at >> PageSize.Shift4K, null, mayFill: true, out Page page);
            if (errno != Errno.None)
            {
                return errno;
            }

            // SAFETY: a page that we hold a reference to.
            part.CopyTo(new Span<byte>(Memory.BytesOf(page) + into, part.Length));
            page.Set(PageFlags.Dirty);
            Memory.Put(page);
            done += part.Length;
        }

        return Errno.None;
    }

    /// <summary>Cuts or extends the file (<c>ftruncate</c>): what processes map beyond the new end is unmapped, their own copies included.</summary>
    public void SetLength(ulong length)
    {
        ThrowIfDisposed();
        ulong before = Interlocked.Exchange(ref _length, length);
        if (length >= before)
        {
            return;
        }

        ulong first = (length + PageSize.Size4K - 1) >> PageSize.Shift4K;
        AddressSpace.ZapFile(this, first, ulong.MaxValue - first, evenOwnCopies: true);
        foreach (ulong index in Indices(first))
        {
            SchedulePoint.Reach("truncate: drop");
            Drop(index);
        }

        AddressSpace.ZapFile(this, first, ulong.MaxValue - first, evenOwnCopies: true);
        ClearTail(length);
    }

    /// <summary>Makes a part of the file a hole (<c>FALLOC_FL_PUNCH_HOLE</c>): whole pages go, and what processes map of them; their own copies stay. Parts of pages are zeroed.</summary>
    public void PunchHole(ulong offset, ulong length)
    {
        ThrowIfDisposed();
        ulong end = length > ulong.MaxValue - offset ? ulong.MaxValue : offset + length;
        ulong first = (offset >> PageSize.Shift4K) + ((offset & (PageSize.Size4K - 1)) != 0 ? 1UL : 0);
        ulong last = end >> PageSize.Shift4K;
        if (first < last)
        {
            AddressSpace.ZapFile(this, first, last - first, evenOwnCopies: false);
            foreach (ulong index in Indices(first))
            {
                if (index < last)
                {
                    Drop(index);
                }
            }

            AddressSpace.ZapFile(this, first, last - first, evenOwnCopies: false);
        }

        ClearPart(offset, Math.Min(end, (offset | (PageSize.Size4K - 1)) + 1));
        ClearPart(Math.Max(offset, end & ~(PageSize.Size4K - 1)), end);
    }

    /// <inheritdoc/>
    internal override Errno TryGetPage(ulong index, MemoryGroup? group, bool mayFill, out Page page)
    {
        page = default;
        lock (_lock)
        {
            if (index >= PageCount)
            {
                return Errno.ENXIO;
            }

            if (_pages.TryGetValue(index, out PageKey key))
            {
                page = Memory.PageOf(key);
                page.Get();
                return Errno.None;
            }

            if (!mayFill)
            {
                return Errno.ENOENT;
            }

            Errno errno = Memory.TryAllocate(0, group, out page);
            if (errno != Errno.None)
            {
                return errno;
            }

            // SAFETY: a fresh page of ours.
            errno = Fill(index, new Span<byte>(Memory.BytesOf(page), (int)PageSize.Size4K));
            if (errno != Errno.None)
            {
                Memory.Put(page);
                page = default;
                return errno;
            }

            page.Descriptor->Mapping = Mapping.Id;
            page.Descriptor->Index = index;
            page.Set(FreshFlags);
            _pages.Add(index, page.Key);
            page.Get();
            return Errno.None;
        }
    }

    /// <inheritdoc/>
    internal override bool IsResident(ulong index)
    {
        lock (_lock)
        {
            return _pages.ContainsKey(index);
        }
    }

    /// <summary>Puts another page in the place of a cached one, as migration does; the cache's reference moves with it.</summary>
    internal void Replace(ulong index, PageKey with)
    {
        lock (_lock)
        {
            _pages[index] = with;
        }
    }

    private protected abstract bool HasStore { get; }

    private protected abstract Errno Fill(ulong index, Span<byte> page);

    private protected ulong[] Indices(ulong from)
    {
        lock (_lock)
        {
            return [.. _pages.Keys.Where(index => index >= from).Order()];
        }
    }

    private protected Page Cached(ulong index)
    {
        lock (_lock)
        {
            return _pages.TryGetValue(index, out PageKey key) ? Memory.PageOf(key) : default;
        }
    }

    private protected override void Release()
    {
        foreach (ulong index in Indices(0))
        {
            Drop(index);
        }
    }

    private void Grow(ulong end)
    {
        ulong seen = Volatile.Read(ref _length);
        while (end > seen)
        {
            ulong before = Interlocked.CompareExchange(ref _length, end, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private protected void Drop(ulong index)
    {
        Page page;
        lock (_lock)
        {
            if (!_pages.Remove(index, out PageKey key))
            {
                return;
            }

            page = Memory.PageOf(key);
            page.Descriptor->Mapping = 0;
            page.Clear(PageFlags.Dirty);
        }

        Memory.Put(page);
    }

    private void ClearTail(ulong length)
    {
        if ((length & (PageSize.Size4K - 1)) != 0)
        {
            ClearPart(length, (length | (PageSize.Size4K - 1)) + 1);
        }
    }

    /// <summary>Zeroes a part of one page, where it is in RAM.</summary>
    private void ClearPart(ulong start, ulong end)
    {
        int into = (int)(start & (PageSize.Size4K - 1));
        Page page = end <= start || (into == 0 && end - start == PageSize.Size4K) ? default : Cached(start >> PageSize.Shift4K);
        if (!page.IsNull)
        {
            // SAFETY: the cache holds the page, and nobody cuts the file below it meanwhile.
            new Span<byte>(Memory.BytesOf(page) + into, (int)(end - start)).Clear();
        }
    }
}
