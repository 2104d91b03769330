// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <content>Unmapping and changing what is allowed. Neither needs memory: a 2 MiB leaf has the table to split it in reserve.</content>
public sealed partial class GpuContext
{
    /// <summary>Unmaps what is mapped in a range; 2 MiB leaves that reach beyond it are split. Tables that nothing is left in are given back.</summary>
    /// <returns>How many 4 KiB pages were mapped: where any were, the GPU may have them cached.</returns>
    /// <exception cref="PhysrException">The range is no range of pages below 2^48.</exception>
    public ulong Unmap(VirtualAddress start, ulong length)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckRange("unmap", start, length);
        return length == 0 ? 0 : Clear(_root, start.Value, start.Value + (length - 1));
    }

    /// <summary>Unmaps pages.</summary>
    /// <param name="pages">Their addresses, best in ascending order.</param>
    /// <inheritdoc cref="Unmap(VirtualAddress, ulong)"/>
    public ulong Unmap(ReadOnlySpan<VirtualAddress> pages)
    {
        ulong unmapped = 0;
        for (int i = 0; i < pages.Length;)
        {
            int count = 1;
            while (i + count < pages.Length && pages[i + count].Value == unchecked(pages[i].Value + ((ulong)count * PageSize.Size4K)))
            {
                count++;
            }

            unmapped += Unmap(pages[i], (ulong)count * PageSize.Size4K);
            i += count;
        }

        return unmapped;
    }

    /// <summary>Changes what may be done to the pages that are mapped in a range; others stay unmapped.</summary>
    /// <param name="start">The first page.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="flags">What may be done from now on.</param>
    /// <returns>How many 4 KiB pages are not as they were.</returns>
    /// <exception cref="PhysrException">The range is no range of pages below 2^48, or atomics are to go without writing.</exception>
    public ulong Protect(VirtualAddress start, ulong length, GpuPageFlags flags)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        CheckRange("protect", start, length);
        if (!AreFlags(flags))
        {
            throw new PhysrException("protect", $"GPU context {Id} {start}", Errno.EINVAL, $"no page can be {flags}");
        }

        return length == 0 ? 0 : Change(_root, start.Value, start.Value + (length - 1), BitsOf(flags));
    }

    private void CheckRange(string operation, VirtualAddress start, ulong length)
    {
        if (!IsVirtual(start, length))
        {
            throw new PhysrException(operation, $"GPU context {Id} {start}+0x{length:x}", Errno.EINVAL, "this is no range of 4 KiB pages below 2^48");
        }
    }

    private ulong Clear(GpuTable table, ulong first, ulong last)
    {
        ulong cleared = 0;
        int dirty = GpuPageEntry.EntriesPerTable;
        foreach ((int index, ulong from, ulong to) in new GpuTableSlots(table.Level, first, last))
        {
            GpuTable? child = table.Below(index);
            bool isLeaf = table.IsLeaf(index);
            if (child is not null && (!isLeaf || to - from + 1 != GpuPageEntry.Span(table.Level)))
            {
                if (isLeaf)
                {
                    Split(table, index);
                }

                cleared += Clear(child, from, to);
                if (!child.IsEmpty)
                {
                    continue;
                }
            }
            else if (isLeaf)
            {
                ulong pages = GpuPageEntry.Span(table.Level) / PageSize.Size4K;
                cleared += pages;
                MappedPages -= pages;
            }

            if (table.Entries[index] != 0)
            {
                table.Set(index, 0);
                dirty = Math.Min(dirty, index);
            }

            if (child is not null)
            {
                table.Hang(index, null);
                _driver.Tables.Return(child);
            }
        }

        if (dirty != GpuPageEntry.EntriesPerTable)
        {
            _driver.Write(table, dirty, GpuPageEntry.IndexOf(last, table.Level) - dirty + 1);
        }

        return cleared;
    }

    private ulong Change(GpuTable table, ulong first, ulong last, ulong bits)
    {
        const ulong Rights = GpuPageEntry.Writable | GpuPageEntry.Atomic;
        ulong changed = 0;
        int dirty = GpuPageEntry.EntriesPerTable;
        foreach ((int index, ulong from, ulong to) in new GpuTableSlots(table.Level, first, last))
        {
            bool isLeaf = table.IsLeaf(index);
            if (isLeaf && (table.Entries[index] & Rights) == bits)
            {
                continue;
            }

            bool isPart = isLeaf && to - from + 1 != GpuPageEntry.Span(table.Level);
            if (isPart)
            {
                Split(table, index);
            }

            if (isLeaf && !isPart)
            {
                table.Set(index, (table.Entries[index] & ~Rights) | bits);
                dirty = Math.Min(dirty, index);
                changed += GpuPageEntry.Span(table.Level) / PageSize.Size4K;
            }
            else if (table.Below(index) is { } child)
            {
                changed += Change(child, from, to, bits);
            }
        }

        if (dirty != GpuPageEntry.EntriesPerTable)
        {
            _driver.Write(table, dirty, GpuPageEntry.IndexOf(last, table.Level) - dirty + 1);
        }

        return changed;
    }

    /// <summary>Gives back the tables of a range that nothing was entered in.</summary>
    private void Prune(VirtualAddress start, ulong length) => Prune(_root, start.Value, start.Value + (length - 1));

    private void Prune(GpuTable table, ulong first, ulong last)
    {
        foreach ((int index, ulong from, ulong to) in new GpuTableSlots(table.Level, first, last))
        {
            if (table.Below(index) is not { } child || table.IsLeaf(index))
            {
                continue;
            }

            if (child.Level != 0)
            {
                Prune(child, from, to);
            }

            if (child.IsEmpty)
            {
                table.Set(index, 0);
                _driver.Write(table, index, 1);
                table.Hang(index, null);
                _driver.Tables.Return(child);
            }
        }
    }
}
