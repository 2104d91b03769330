// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd;

internal sealed partial class IoPages
{
    /// <summary>Runs read back from a domain at a time; unmapping invalidates and unpins after each lot: 8,192 are 256 KiB of memory, and for scattered pages one flush per 32 MiB.</summary>
    private const int MostRuns = 8192;

    private readonly IotlbGather _gather = new();

    /// <summary>Maps a mapping's pages in domains; all or nothing.</summary>
    /// <param name="area">The mapping.</param>
    /// <param name="domains">Where it is not mapped yet.</param>
    /// <param name="largePages">Whether domains may use leaves larger than 4 KiB.</param>
    /// <returns>What pinning and mapping answer; <see cref="Errno.ENODEV"/> where the pages were taken back.</returns>
    public Errno Fill(IoArea area, ReadOnlySpan<IIommuDomain> domains, bool largePages)
    {
        if (domains.IsEmpty)
        {
            return Errno.None;
        }

        lock (_lock)
        {
            _batch.Clear();
            ulong mapped = area.FirstIndex;
            Errno errno = Source.IsGone ? Errno.ENODEV : _context.Passes("mapping in a domain") ? Errno.None : Errno.ENOMEM;
            for (ulong index = mapped; errno == Errno.None && index <= area.LastIndex;)
            {
                errno = FindFrames(index, area.LastIndex, out index);
                if (errno == Errno.None)
                {
                    errno = MapBatch(area, domains, largePages, keepsLast: index <= area.LastIndex, ref mapped);
                }
            }

            if (errno != Errno.None)
            {
                UnpinBatch();
                UndoFill(area, domains, mapped);
                return errno;
            }

            area.FilledNode ??= _filled.Insert(area.FirstIndex, area.LastIndex, area);
            area.Domains.AddRange(domains);
            return Errno.None;
        }
    }

    /// <summary>Unmaps a mapping from every domain and ends the pins that nothing needs any more. Never fails.</summary>
    public void Unfill(IoArea area)
    {
        lock (_lock)
        {
            while (area.Domains.Count > 1)
            {
                Unmap(area.Domains[^1], area.First, area.Last);
                area.Domains.RemoveAt(area.Domains.Count - 1);
            }

            UnfillLast(area);
        }
    }

    /// <summary>Unmaps a mapping from one domain. Never fails.</summary>
    public void Unfill(IoArea area, IIommuDomain domain)
    {
        lock (_lock)
        {
            int found = area.Domains.FindIndex(mappedIn => ReferenceEquals(mappedIn, domain));
            if (found < 0)
            {
                return;
            }

            if (area.Domains.Count == 1)
            {
                UnfillLast(area);
                return;
            }

            Unmap(domain, area.First, area.Last);
            area.Domains.RemoveAt(found);
        }
    }

    /// <summary>Unmaps every mapping from every domain: the pages were taken back. Never fails; they are never mapped again.</summary>
    public void Revoke()
    {
        lock (_lock)
        {
            foreach (IoArea area in _filled.ToList())
            {
                area.Domains.ForEach(domain => Unmap(domain, area.First, area.Last));
                area.Domains.Clear();
                _filled.Remove(area.FilledNode!);
                area.FilledNode = null;
            }
        }
    }

    /// <summary>Puts two halves in the place of a mapping that was cut.</summary>
    public void Cut(IoArea area, IoArea lower, IoArea upper)
    {
        lock (_lock)
        {
            if (area.FilledNode is { } node)
            {
                _filled.Remove(node);
                area.FilledNode = null;
                foreach (IoArea half in (ReadOnlySpan<IoArea>)[lower, upper])
                {
                    half.FilledNode = _filled.Insert(half.FirstIndex, half.LastIndex, half);
                    half.Domains.AddRange(area.Domains);
                }

                area.Domains.Clear();
            }
        }
    }

    private void UnfillLast(IoArea area)
    {
        if (area.FilledNode is { } node)
        {
            _filled.Remove(node);
            area.FilledNode = null;
            IIommuDomain domain = area.Domains[0];
            area.Domains.Clear();
            UnmapAndUnpin(area, domain, area.FirstIndex, area.LastIndex);
        }
    }

    /// <summary>Maps the batch's runs in every domain and drops them; maybe all but the last, which what follows may continue.</summary>
    private Errno MapBatch(IoArea area, ReadOnlySpan<IIommuDomain> domains, bool largePages, bool keepsLast, ref ulong mapped)
    {
        int count = keepsLast ? _batch.Count - 1 : _batch.Count;
        Errno errno = Errno.None;
        int done = 0;
        while (done < count && errno == Errno.None)
        {
            FrameRun run = _batch.Runs[done];
            errno = MapRun(area, domains, largePages, run);
            if (errno == Errno.None)
            {
                mapped = run.Index + run.Count;
                done++;
            }
        }

        _batch.DropFirst(done);
        return errno;
    }

    private Errno MapRun(IoArea area, ReadOnlySpan<IIommuDomain> domains, bool largePages, in FrameRun run)
    {
        ulong first = area.IovaOf(run.Index);
        ulong last = area.LastIovaOf(run.Index + (run.Count - 1));
        ulong physical = (run.Frame << PageSize.Shift4K) + area.OffsetInPage(run.Index);
        IommuAccess access = Source.IsDeviceMemory ? (area.Access & ~IommuAccess.Cache) | IommuAccess.Mmio : area.Access;
        for (int i = 0; i < domains.Length; i++)
        {
            Errno errno = largePages ? domains[i].Map(new(first), new(physical), last - first + 1, access) : MapByPage(domains[i], first, last, physical, access);
            if (errno != Errno.None)
            {
                for (int undone = 0; undone < i; undone++)
                {
                    Unmap(domains[undone], first, last);
                }

                return errno;
            }
        }

        return Errno.None;
    }

    private Errno MapByPage(IIommuDomain domain, ulong first, ulong last, ulong physical, IommuAccess access)
    {
        ulong iova = first;
        while (iova <= last)
        {
            ulong length = Math.Min(last - iova, PageSize.Size4K - 1 - (physical & (PageSize.Size4K - 1))) + 1;
            Errno errno = domain.Map(new(iova), new(physical), length, access);
            if (errno != Errno.None)
            {
                if (iova > first)
                {
                    Unmap(domain, first, iova - 1);
                }

                return errno;
            }

            if (length > last - iova)
            {
                break;
            }

            iova += length;
            physical += length;
        }

        return Errno.None;
    }

    /// <summary>Unmaps what a fill that failed had mapped, the pages before <paramref name="mapped"/>, and unpins what it had pinned.</summary>
    private void UndoFill(IoArea area, ReadOnlySpan<IIommuDomain> domains, ulong mapped)
    {
        if (mapped > area.FirstIndex)
        {
            for (int i = 1; i < domains.Length; i++)
            {
                Unmap(domains[i], area.First, area.LastIovaOf(mapped - 1));
            }

            UnmapAndUnpin(area, domains[0], area.FirstIndex, mapped - 1);
        }
    }

    /// <summary>Unmaps pages of a mapping from a domain, invalidates, and only then unpins those that nothing else covers.</summary>
    private void UnmapAndUnpin(IoArea area, IIommuDomain domain, ulong index, ulong last)
    {
        ulong unmapped = index;
        _batch.Clear();
        while (!Source.IsDeviceMemory && TryFindUncovered(index, last, out ulong first, out ulong end))
        {
            index = ReadBack(area, domain, first, end, owned: true, MostRuns);
            if (index <= end)
            {
                Unmap(domain, area.IovaOf(unmapped), area.LastIovaOf(index - 1));
                UnpinBatch();
                unmapped = index;
            }
        }

        if (unmapped <= last)
        {
            Unmap(domain, area.IovaOf(unmapped), area.LastIovaOf(last));
        }

        UnpinBatch();
    }

    private void Unmap(IIommuDomain domain, ulong first, ulong last)
    {
        ulong wanted = last - first + 1;
        ulong unmapped = domain.Unmap(new(first), wanted, _gather);
        domain.Sync(_gather);
        _gather.Reset();
        Check(unmapped == wanted, "a domain unmapped other bytes than were mapped in it");
    }
}
