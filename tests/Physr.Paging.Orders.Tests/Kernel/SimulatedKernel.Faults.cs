// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <content>Who faulted, and what the pager reads of it.</content>
internal sealed partial class SimulatedKernel
{
    /// <summary>Whether an event waits to be read.</summary>
    public bool HasEvent => _faulters.Exists(static faulter => !faulter.IsRead);

    /// <summary>Why a touch faults.</summary>
    public FaultKind Reason(int page) => IsMapped(page) ? FaultKind.Write : _isCached[page] ? FaultKind.Minor : FaultKind.Missing;

    /// <summary>A thread that faulted stands in the queue; it does not sleep yet.</summary>
    public Faulter Queue(int page, FaultKind kind, bool isWrite)
    {
        Faulter faulter = new(page, kind, isWrite);
        _faulters.Add(faulter);
        return faulter;
    }

    /// <summary>The last look at the page table before the thread sleeps. Where it need not, it leaves the queue, and with it goes an event that nobody has read.</summary>
    public bool MustSleep(Faulter faulter)
    {
        if (faulter.IsWoken)
        {
            return false;
        }

        bool mustSleep = faulter.Kind == FaultKind.Write ? _entries[faulter.Page] != TableEntry.Writable : !IsMapped(faulter.Page);
        if (!mustSleep)
        {
            _faulters.Remove(faulter);
        }

        return mustSleep;
    }

    /// <summary>Reads an event; each is read once.</summary>
    public bool TryReadEvent(out Faulter? faulter)
    {
        faulter = _faulters.Find(static faulter => !faulter.IsRead);
        if (faulter is null)
        {
            return false;
        }

        faulter.IsRead = true;
        return true;
    }

    /// <summary><c>UFFDIO_WAKE</c> of one page: also those whose events nobody has read.</summary>
    public void Wake(int page)
    {
        foreach (Faulter faulter in _faulters)
        {
            faulter.IsWoken |= faulter.Page == page;
        }

        _faulters.RemoveAll(static faulter => faulter.IsWoken);
    }
}
