// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.PageTables;

/// <summary>Table pages that are in nobody's table: free ones, ones taken before anything is changed so that nothing can fail half-way, or ones on their way back.</summary>
/// <remarks>A page stays with the level it first served. A walker that is late by a life meets in it only what that level may hold: never a leaf where it expects the address of
/// a table.</remarks>
internal struct TableReserve
{
    private PerLevel<TablePage> _first;

    /// <summary>How many there are.</summary>
    public long Count { get; private set; }

    /// <summary>Puts a page in.</summary>
    public void Put(TablePage page, int level)
    {
        page.Next = _first[level];
        _first[level] = page;
        Count++;
    }

    /// <summary>Takes a page of a level out; its words mean nothing. The null page when there is none.</summary>
    public TablePage Take(int level)
    {
        TablePage page = _first[level];
        if (!page.IsNull)
        {
            _first[level] = page.Next;
            Count--;
        }

        return page;
    }

    /// <summary>Moves everything over.</summary>
    public void MoveTo(ref TableReserve other)
    {
        for (int level = 1; level < PerLevel<TablePage>.Count; level++)
        {
            for (TablePage page = Take(level); !page.IsNull; page = Take(level))
            {
                other.Put(page, level);
            }
        }
    }
}
