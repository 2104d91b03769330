// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <content>Mapping: first all tables that are needed, so that nothing is mapped when one cannot be had; then the entries, tables before what leads to them.</content>
public sealed partial class GpuContext
{
    /// <summary>Maps pages, over what was mapped there. Neighbours that lie side by side are written together, and as 2 MiB leaves where they fill one.</summary>
    /// <param name="mappings">The pages, best in ascending order.</param>
    /// <returns><see cref="Errno.EINVAL"/> for what no entry can say, <see cref="Errno.ENOMEM"/> where tables are wanting; nothing is changed then.</returns>
    public Errno TryMap(ReadOnlySpan<GpuPageMapping> mappings)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        for (int i = 0; i < mappings.Length;)
        {
            int count = RunAt(mappings, i);
            Errno errno = Prepare(mappings[i].Page, (ulong)count * PageSize.Size4K, mappings[i].Target, mappings[i].Flags);
            if (errno != Errno.None)
            {
                foreach (ref readonly GpuPageMapping prepared in mappings[..i])
                {
                    Prune(prepared.Page, PageSize.Size4K);
                }

                return errno;
            }

            i += count;
        }

        for (int i = 0; i < mappings.Length;)
        {
            int count = RunAt(mappings, i);
            Enter(_root, mappings[i].Page.Value, (ulong)count * PageSize.Size4K, mappings[i].Target, mappings[i].Flags);
            i += count;
        }

        return Errno.None;
    }

    /// <summary>Maps a range that lies in one piece, over what was mapped there, by 2 MiB leaves where both addresses allow.</summary>
    /// <inheritdoc cref="TryMap(ReadOnlySpan{GpuPageMapping})"/>
    public Errno TryMap(VirtualAddress start, ulong length, GpuPageTarget target, GpuPageFlags flags)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Errno errno = Prepare(start, length, target, flags);
        if (errno == Errno.None && length != 0)
        {
            Enter(_root, start.Value, length, target, flags);
        }

        return errno;
    }

    private static int RunAt(ReadOnlySpan<GpuPageMapping> mappings, int first)
    {
        GpuPageMapping head = mappings[first];
        int count = 1;
        while (first + count < mappings.Length)
        {
            ulong ahead = (ulong)count * PageSize.Size4K;
            ref readonly GpuPageMapping next = ref mappings[first + count];
            if (next.Page.Value != unchecked(head.Page.Value + ahead) || next.Target.Value != unchecked(head.Target.Value + ahead)
                || next.Target.Aperture != head.Target.Aperture || next.Flags != head.Flags)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private Errno Prepare(VirtualAddress start, ulong length, GpuPageTarget target, GpuPageFlags flags)
    {
        if (!IsVirtual(start, length) || !IsTarget(target, length) || !AreFlags(flags))
        {
            return Errno.EINVAL;
        }

        if (length == 0 || TryReserve(_root, start.Value, start.Value + (length - 1)))
        {
            return Errno.None;
        }

        Prune(start, length);
        return Errno.ENOMEM;
    }

    /// <summary>Makes sure that every table of a range is there: for each 2 MiB one, be it to stay in reserve. Tables of leaves are not led to yet.</summary>
    private bool TryReserve(GpuTable table, ulong first, ulong last)
    {
        foreach ((int index, ulong from, ulong to) in new GpuTableSlots(table.Level, first, last))
        {
            GpuTable? child = table.Below(index);
            if (child is null)
            {
                child = _driver.Tables.Take(table.Level - 1);
                if (child is null)
                {
                    return false;
                }

                table.Hang(index, child);
                if (child.Level != 0)
                {
                    _driver.Write(child, 0, GpuPageEntry.EntriesPerTable);
                    table.Set(index, GpuPageEntry.ToTable(child.Offset).Raw);
                    _driver.Write(table, index, 1);
                }
            }

            if (child.Level != 0 && !TryReserve(child, from, to))
            {
                return false;
            }
        }

        return true;
    }

    private void Enter(GpuTable table, ulong start, ulong length, GpuPageTarget target, GpuPageFlags flags)
    {
        ulong last = start + (length - 1);
        int dirty = GpuPageEntry.EntriesPerTable;
        foreach ((int index, ulong from, ulong to) in new GpuTableSlots(table.Level, start, last))
        {
            GpuPageTarget there = target.Add(from - start);
            if (table.Level > GpuPageEntry.LargeLevel)
            {
                Enter(table.Below(index)!, from, to - from + 1, there, flags);
                continue;
            }

            ulong old = table.Entries[index];
            if (to - from + 1 == PageSize.Size2M && there.Value % PageSize.Size2M == 0)
            {
                EnterLarge(table, index, Leaf(there, flags, GpuPageEntry.LargeLevel));
            }
            else
            {
                EnterSmall(table, index, from, to, there, flags);
            }

            dirty = table.Entries[index] != old ? Math.Min(dirty, index) : dirty;
        }

        if (dirty != GpuPageEntry.EntriesPerTable)
        {
            _driver.Write(table, dirty, GpuPageEntry.IndexOf(last, table.Level) - dirty + 1);
        }
    }

    private void EnterLarge(GpuTable table, int index, ulong leaf)
    {
        GpuTable below = table.Below(index)!;
        MappedPages += GpuPageEntry.EntriesPerTable - (table.IsLeaf(index) ? GpuPageEntry.EntriesPerTable : (ulong)below.Used);
        Array.Clear(below.Entries);
        below.Used = 0;
        table.Set(index, leaf);
    }

    private void EnterSmall(GpuTable table, int index, ulong first, ulong last, GpuPageTarget target, GpuPageFlags flags)
    {
        GpuTable below = table.Below(index)!;
        bool isNew = !new GpuPageEntry(table.Entries[index]).IsValid;
        if (table.IsLeaf(index))
        {
            Split(table, index);
        }

        int from = GpuPageEntry.IndexOf(first, 0);
        int to = GpuPageEntry.IndexOf(last, 0);
        int used = below.Used;
        for (int page = from; page <= to; page++)
        {
            below.Set(page, Leaf(target.Add((ulong)(page - from) * PageSize.Size4K), flags, 0));
        }

        MappedPages += (ulong)(below.Used - used);
        if (isNew)
        {
            _driver.Write(below, 0, GpuPageEntry.EntriesPerTable);
            table.Set(index, GpuPageEntry.ToTable(below.Offset).Raw);
        }
        else
        {
            _driver.Write(below, from, to - from + 1);
        }
    }

    /// <summary>Says the same with 512 leaves as with one. The table's own entry is written here, so that it leads to a whole table at every moment.</summary>
    private void Split(GpuTable table, int index)
    {
        GpuTable below = table.Below(index)!;
        ulong leaf = table.Entries[index] & ~GpuPageEntry.Large;
        for (int page = 0; page < GpuPageEntry.EntriesPerTable; page++)
        {
            below.Set(page, leaf + ((ulong)page * PageSize.Size4K));
        }

        _driver.Write(below, 0, GpuPageEntry.EntriesPerTable);
        table.Set(index, GpuPageEntry.ToTable(below.Offset).Raw);
        _driver.Write(table, index, 1);
    }
}
