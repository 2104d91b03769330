// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd;

internal sealed partial class IoPages
{
    /// <summary>Puts the frames of some pages, from one on, into the batch; pins them where nothing has them.</summary>
    /// <param name="index">The first page.</param>
    /// <param name="last">The last page wanted.</param>
    /// <param name="next">The page after those found; more than <paramref name="index"/> on success.</param>
    private Errno FindFrames(ulong index, ulong last, out ulong next)
    {
        IntervalNode<AccessSpan>? kept = _accesses.First(index, last);
        if (kept is not null && kept.First <= index)
        {
            next = Math.Min(last, kept.Last) + 1;
            CopyKeptFrames(index, next - 1);
            return Errno.None;
        }

        last = kept is null ? last : kept.First - 1;
        IntervalNode<IoArea>? filled = _filled.First(index, last);
        if (filled is not null && filled.First <= index)
        {
            next = ReadBack(filled.Value, filled.Value.Domains[0], index, Math.Min(last, filled.Last), owned: false, MostRuns);
            return Errno.None;
        }

        last = filled is null ? last : filled.First - 1;
        ulong count = Math.Min(last - index, (ulong)_context.Options.BatchPages - 1) + 1;
        next = index + count;
        return PinFromSource(index, count);
    }

    /// <summary>Finds the next pages that neither a mapping in a domain nor an access covers.</summary>
    private bool TryFindUncovered(ulong index, ulong last, out ulong first, out ulong end)
    {
        (first, end) = (0, 0);
        while (index <= last)
        {
            IntervalNode<AccessSpan>? kept = _accesses.First(index, last);
            IntervalNode<IoArea>? filled = _filled.First(index, last);
            if (kept is not null && kept.First <= index)
            {
                index = kept.Last + 1;
            }
            else if (filled is not null && filled.First <= index)
            {
                index = filled.Last + 1;
            }
            else
            {
                first = index;
                end = Math.Min(last, Math.Min(kept is null ? last : kept.First - 1, filled is null ? last : filled.First - 1));
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads frames back from a domain that maps them.</summary>
    /// <returns>The page after those read: less than all only when the batch has <paramref name="mostRuns"/> runs, and then one that starts a leaf.</returns>
    private ulong ReadBack(IoArea area, IIommuDomain domain, ulong index, ulong last, bool owned, int mostRuns)
    {
        while (index <= last)
        {
            ulong iova = area.IovaOf(index);
            bool found = domain.TryTranslate(new(iova), out IommuTranslation translation);
            Check(found, "a domain forgot what was mapped in it");
            ulong inPage = area.OffsetInPage(index);
            ulong bytes = translation.ContiguousAfter(new(iova));

            // A leaf that ends inside a page still says which frame that page is.
            ulong pages = Math.Min(last - index + 1, (inPage + bytes + (PageSize.Size4K - 1)) >> PageSize.Shift4K);
            _batch.Add(index, pages, (translation.Address.Value - inPage) >> PageSize.Shift4K, owned);
            index += pages;
            if (_batch.Count >= mostRuns && index <= last && area.IovaOf(index) == iova + bytes)
            {
                break;
            }
        }

        return index;
    }

    private void CopyKeptFrames(ulong index, ulong last)
    {
        while (index <= last)
        {
            bool found = _frames.TryFirst(index, last, out IntervalNode<ulong>? kept);
            Check(found && kept!.First <= index, "an access's frame was lost");
            ulong end = Math.Min(last, kept!.Last);
            _batch.Add(index, end - index + 1, kept.Value + (index - kept.First), isOwned: false);
            index = end + 1;
        }
    }

    /// <summary>Keeps the batch's frames for accesses, and forgets the batch.</summary>
    private void KeepBatch()
    {
        foreach (FrameRun run in _batch.Runs)
        {
            _frames.Insert(run.Index, run.Index + (run.Count - 1), run.Frame);
        }

        _batch.Clear();
    }

    /// <summary>Puts kept frames into the batch as owned, and keeps them no longer.</summary>
    private void TakeKeptFrames(ulong first, ulong last)
    {
        while (_frames.TryFirst(first, last, out IntervalNode<ulong>? kept))
        {
            _frames.Remove(kept);
            ulong start = Math.Max(first, kept.First);
            ulong end = Math.Min(last, kept.Last);
            if (kept.First < start)
            {
                _frames.Insert(kept.First, start - 1, kept.Value);
            }

            if (kept.Last > end)
            {
                _frames.Insert(end + 1, kept.Last, kept.Value + (end + 1 - kept.First));
            }

            _batch.Add(start, end - start + 1, kept.Value + (start - kept.First), isOwned: true);
        }
    }
}
