// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Breaks the 2 MiB entries that name a page, of whatever kind, so that its parts can go different ways.</summary>
internal unsafe struct SplitVisitor(Page head) : IMappingVisitor
{
    // SAFETY: tables stay while areas are kept as they are (the lock of the areas, or of an area's reverse mapping), and an entry changes only below its table's lock.
    /// <summary>Whether one of them could not be broken for want of memory.</summary>
    public bool HasFailed { get; private set; }

    public void Visit(VirtualMemoryArea area, ulong address, int firstPart, int parts)
    {
        ulong* pmd = area.Space.PmdOf(address);
        ulong value = pmd == null ? 0 : Volatile.Read(ref *pmd);
        if (value != 0 && !AddressSpace.IsTable(value) && new PageEntry(value).Key == head.Key)
        {
            HasFailed |= !area.Space.TrySplitHuge(area, pmd, address);
        }
    }
}
