// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <content>Making the space anew from an index.</content>
internal sealed unsafe partial class BlobSpace
{
    /// <summary>Notes that units are in use, before anything is allocated.</summary>
    /// <returns>False where some of them are in use already: nothing is noted then.</returns>
    public bool TryClaim(long granule, int count)
    {
        // SAFETY: the caller has seen that the units lie within the file.
        for (long page = granule / GranulesPerPage; page <= (granule + count - 1) / GranulesPerPage; page++)
        {
            if ((_used[page] & MaskOf(page, granule, count)) != 0)
            {
                return false;
            }
        }

        Mark(granule, count);
        _fresh = Math.Max(_fresh, (int)((granule + count - 1) / GranulesPerChunk) + 1);
        return true;
    }

    /// <summary>Forgets all claims.</summary>
    public void Unclaim()
    {
        new Span<ulong>(_used, _fresh * PagesPerChunk).Clear();
        new Span<ushort>(_backed, _fresh).Clear();
        (_fresh, _kept, _usedGranules) = (0, 0, 0);
    }

    /// <summary>Ends the claims: lists chunks, and gives back the memory of what is not in use.</summary>
    public void Settle()
    {
        for (int chunk = 0; chunk < _fresh; chunk++)
        {
            List(chunk);
        }

        // Blobs that were written and never published, and pages that were free and kept their memory: the process before this one was killed.
        for (ulong from = 0; _file.TryNextData(from, out ulong start, out ulong end); from = end)
        {
            end = Math.Min(end, (ulong)Granules * GranuleBytes);
            ulong free = start;
            for (ulong at = start; at < end; at += PageStore.PageBytes)
            {
                if (_used[at / PageStore.PageBytes] != 0)
                {
                    PunchFree(free, at);
                    free = at + PageStore.PageBytes;
                }
            }

            PunchFree(free, end);
            if (end <= from)
            {
                break;
            }
        }
    }

    private void PunchFree(ulong start, ulong end)
    {
        if (start < end)
        {
            _ = _file.Punch(start, end - start);
        }
    }
}
