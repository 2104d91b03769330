// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Hmm;
using Physr.Mm;

namespace Physr.Machine.Svm;

/// <content>Making room in the GPU's memory: what came first goes first, 2 MiB at a time.</content>
internal sealed partial class SvmDriver
{
    private readonly PageKey[] _oldest = new PageKey[MostPages];
    private readonly PageKey[] _leaving = new PageKey[MostPages];

    /// <summary>Evicts until so many pages are free, or nothing more can go.</summary>
    private void MakeRoom(int pages)
    {
        while (_private.Pool.FreePages < pages && EvictOldest() != 0)
        {
        }
    }

    /// <summary>Evicts one large page, or up to 512 small ones; gives how many left.</summary>
    private long EvictOldest()
    {
        int places = ChooseOldest();
        if (places == 0)
        {
            return 0;
        }

        ReadOnlySpan<PageKey> leaving = _leaving.AsSpan(0, places);
        DropAll(leaving);
        DeviceMigration batch = _out!;
        if (batch.SetupPages(leaving) != Errno.None)
        {
            return 0;
        }

        try
        {
            for (int i = 0; i < batch.Count; i++)
            {
                PlaceHome(batch, i);
            }

            if (_mover!.Run(toGpu: false, _failed) != Errno.None)
            {
                GiveBackHome(batch);
            }

            batch.Migrate();
            long moved = CountHome(batch);
            _statistics = _statistics with { Evicted = _statistics.Evicted + moved };
            return moved;
        }
        finally
        {
            batch.Complete();
        }
    }

    /// <summary>The oldest pages as a migration takes them: a large one alone, in all its 512 places.</summary>
    private int ChooseOldest()
    {
        int count = _private.Pool.Oldest(_oldest);
        for (int i = 0; i < count; i++)
        {
            if (_private.PageOf(_oldest[i]).Order == 0)
            {
                _leaving[i] = _oldest[i];
            }
            else if (i == 0)
            {
                Array.Fill(_leaving, _oldest[0]);
                return MostPages;
            }
            else
            {
                return i;
            }
        }

        return count;
    }

    /// <summary>Takes the pages from the GPU by runs of addresses, so that the change of each entry finds nothing left to drop.</summary>
    private void DropAll(ReadOnlySpan<PageKey> leaving)
    {
        for (int i = 0; i < leaving.Length;)
        {
            ulong start = _virtualPages[_private.IndexOf(leaving[i])];
            int pages = 1 << _private.PageOf(leaving[i]).Order;
            i += pages;
            while (i < leaving.Length && _virtualPages[_private.IndexOf(leaving[i])] == start + ((ulong)pages << PageSize.Shift4K))
            {
                pages++;
                i++;
            }

            _mirror!.Drop(new(start), (ulong)pages << PageSize.Shift4K);
        }
    }
}
