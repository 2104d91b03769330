// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>Table pages taken from the pool before anything is changed, so that nothing can fail half-way.</summary>
internal struct TableReserve
{
    private TablePage _first;

    /// <summary>How many are left.</summary>
    public long Count { get; private set; }

    /// <summary>Puts a page in; nobody can walk it.</summary>
    public void Put(TablePage page)
    {
        page.Next = _first;
        _first = page;
        Count++;
    }

    /// <summary>Takes a page out; its words mean nothing. The null page when there is none.</summary>
    public TablePage Take()
    {
        TablePage page = _first;
        if (!page.IsNull)
        {
            _first = page.Next;
            Count--;
        }

        return page;
    }
}
