// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <summary>The window's file and the application's page table as Linux keeps them, for a page of which one number is all of its bytes. Each method is one step; <see cref="WindowConformanceTests"/> compares them
/// with the kernel's own.</summary>
/// <param name="pages">Pages of the window.</param>
internal sealed partial class SimulatedKernel(int pages)
{
    private readonly TableEntry[] _entries = new TableEntry[pages];
    private readonly bool[] _isCached = new bool[pages];
    private readonly bool[] _isUnmapped = new bool[pages];
    private readonly bool[] _isDiscarded = new bool[pages];
    private readonly ulong[] _bytes = new ulong[pages];
    private readonly List<Faulter> _faulters = [];

    public int Pages => pages;

    /// <summary>Whether a mark of poison may not be replaced: not so in Linux 6.18, where <c>UFFDIO_COPY</c> and <c>UFFDIO_CONTINUE</c> put the page there.</summary>
    public bool KeepsPoison { get; set; }

    /// <summary>Pages that the window's file has.</summary>
    public int CachedPages => _isCached.AsSpan().Count(true);

    public IReadOnlyList<Faulter> Faulters => _faulters;

    /// <summary>Forgets everything.</summary>
    public void Reset()
    {
        Array.Clear(_entries);
        Array.Clear(_isCached);
        _faulters.Clear();
        Array.Clear(_isUnmapped);
        Array.Clear(_isDiscarded);
        KeepsPoison = false;
    }

    public TableEntry Entry(int page) => _entries[page];

    public bool IsCached(int page) => _isCached[page];

    public bool IsMapped(int page) => _entries[page] is TableEntry.Protected or TableEntry.Writable;

    /// <summary>Whether the application took a page out of its page table itself, of which nobody was told, and it has not come again.</summary>
    public bool IsUnmapped(int page) => _isUnmapped[page];

    /// <summary>Whether the application took a page out of the window itself, of which nobody was told, and it has not come again.</summary>
    public bool IsDiscarded(int page) => _isDiscarded[page];

    public bool IsTouchable(int page, bool isWrite) => _entries[page] == TableEntry.Writable || (!isWrite && _entries[page] == TableEntry.Protected);

    /// <summary>The page's bytes in the window's file: those of <c>pread</c>, which sees zeros in a hole.</summary>
    public ulong Bytes(int page) => _isCached[page] ? _bytes[page] : 0;

    /// <summary>A store instruction that does not fault.</summary>
    public void Store(int page, ulong bytes)
    {
        Assert.Equal(TableEntry.Writable, _entries[page]);
        _bytes[page] = bytes;
    }

    /// <summary><c>UFFDIO_COPY</c> of one page.</summary>
    public Errno Copy(int page, ulong bytes, bool isProtected)
    {
        if (_isCached[page] || IsMapped(page) || (KeepsPoison && _entries[page] == TableEntry.Poison))
        {
            return Errno.EEXIST;
        }

        (_isCached[page], _isUnmapped[page], _isDiscarded[page], _bytes[page]) = (true, false, false, bytes);
        _entries[page] = isProtected ? TableEntry.Protected : TableEntry.Writable;
        Wake(page);
        return Errno.None;
    }

    /// <summary><c>UFFDIO_CONTINUE</c> of one page.</summary>
    public Errno Continue(int page, bool isProtected)
    {
        if (!_isCached[page])
        {
            return Errno.EFAULT;
        }

        if (IsMapped(page) || (KeepsPoison && _entries[page] == TableEntry.Poison))
        {
            return Errno.EEXIST;
        }

        _isUnmapped[page] = false;
        _entries[page] = isProtected ? TableEntry.Protected : TableEntry.Writable;
        Wake(page);
        return Errno.None;
    }

    /// <summary><c>UFFDIO_WRITEPROTECT</c> of one page. Where there is none a mark is left, and taken away.</summary>
    public void WriteProtect(int page, bool on)
    {
        _entries[page] = _entries[page] switch
        {
            TableEntry.Protected or TableEntry.Writable => on ? TableEntry.Protected : TableEntry.Writable,
            TableEntry.None or TableEntry.Marker => on ? TableEntry.Marker : TableEntry.None,
            _ => _entries[page],
        };
    }

    /// <summary><c>UFFDIO_POISON</c> of one page: only where the page table says nothing at all.</summary>
    public Errno Poison(int page)
    {
        if (_entries[page] != TableEntry.None)
        {
            return Errno.EEXIST;
        }

        _entries[page] = TableEntry.Poison;
        Wake(page);
        return Errno.None;
    }

    /// <summary><c>FALLOC_FL_PUNCH_HOLE</c> of one page. A page that was write-protected leaves a mark of it.</summary>
    public void Punch(int page)
    {
        (_isCached[page], _isUnmapped[page]) = (false, false);
        if (IsMapped(page))
        {
            _entries[page] = _entries[page] == TableEntry.Protected ? TableEntry.Marker : TableEntry.None;
        }
    }

    /// <summary><c>MADV_REMOVE</c> of one page by the application: a hole, as a pager punches it.</summary>
    public void Remove(int page)
    {
        _isDiscarded[page] |= _isCached[page];
        Punch(page);
    }

    /// <summary><c>MADV_DONTNEED</c> of one page by the application.</summary>
    public void DontNeed(int page)
    {
        _isUnmapped[page] |= IsMapped(page);
        if (_entries[page] != TableEntry.Marker)
        {
            _entries[page] = _entries[page] == TableEntry.Protected ? TableEntry.Marker : TableEntry.None;
        }
    }
}
