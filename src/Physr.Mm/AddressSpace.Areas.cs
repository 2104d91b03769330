// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <content>The list of areas: found by address, split, merged.</content>
public sealed partial class AddressSpace
{
    private readonly List<VirtualMemoryArea> _areas = [];
    private VirtualMemoryArea? _lastFound;
    private int _familyLock;

    /// <summary>A picture of the areas, in order.</summary>
    public IReadOnlyList<VirtualMemoryArea> Areas
    {
        get
        {
            _lock.EnterRead();
            VirtualMemoryArea[] areas = [.. _areas];
            _lock.ExitRead();
            return areas;
        }
    }

    /// <summary>The area that holds an address; null where none does. The answer stays true while the caller reads or writes (<see cref="EnterRead"/>).</summary>
    public VirtualMemoryArea? FindArea(VirtualAddress address) => Find(address.Value);

    /// <summary>The area that holds an address.</summary>
    internal VirtualMemoryArea? Find(ulong address)
    {
        VirtualMemoryArea? last = Volatile.Read(ref _lastFound);
        if (last is not null && last.Contains(address))
        {
            return last;
        }

        int at = FirstEndingAfter(address);
        if (at == _areas.Count || !_areas[at].Contains(address))
        {
            return null;
        }

        Volatile.Write(ref _lastFound, _areas[at]);
        return _areas[at];
    }

    /// <summary>The place of the first area that ends after an address; the count where none does.</summary>
    internal int FirstEndingAfter(ulong address)
    {
        int low = 0;
        int high = _areas.Count;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (_areas[middle].EndAddress > address)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    internal VirtualMemoryArea? AreaAt(int index) => (uint)index < (uint)_areas.Count ? _areas[index] : null;

    /// <summary>The area before and the area behind one.</summary>
    private (VirtualMemoryArea? Before, VirtualMemoryArea? After) Neighbours(VirtualMemoryArea area)
    {
        int at = FirstEndingAfter(area.StartAddress);
        return (AreaAt(at - 1), AreaAt(at + 1));
    }

    private void Insert(VirtualMemoryArea area)
    {
        _areas.Insert(FirstEndingAfter(area.StartAddress), area);
        area.File?.Mapping.Add(area);
        area.Anon?.Family.Add(area);
    }

    private void Remove(VirtualMemoryArea area)
    {
        Volatile.Write(ref _lastFound, null);
        _areas.Remove(area);
        Unlink(area);
    }

    /// <summary>Takes an area out of the ways back from pages; whoever walked there is through.</summary>
    private void Unlink(VirtualMemoryArea area)
    {
        if (area.File is { } file && file.Mapping.Remove(area))
        {
            file.LastAreaGone();
        }

        if (area.Anon is { } anon && anon.Family.Remove(area))
        {
            Memory.Forget(anon.Family);
        }

        area.Anon = null;
    }

    /// <summary>Moves an area's bounds while nobody finds pages through it.</summary>
    private void Adjust(VirtualMemoryArea area, ulong start, ulong end, ulong pageOffset)
    {
        Volatile.Write(ref _lastFound, null);
        area.File?.Mapping.Enter();
        area.Anon?.Family.Enter();
        area.StartAddress = start;
        area.EndAddress = end;
        area.PageOffset = pageOffset;
        area.Anon?.Family.Exit();
        area.File?.Mapping.Exit();
    }

    /// <summary>Cuts an area in two at an address inside it.</summary>
    /// <returns><see cref="Errno.ENOMEM"/> where there would be too many areas; nothing is changed then.</returns>
    private Errno Split(VirtualMemoryArea area, ulong at, out VirtualMemoryArea upper)
    {
        upper = area;
        if (at == area.StartAddress)
        {
            return Errno.None;
        }

        if (_areas.Count >= Memory.Options.MaxAreas || !Memory.PassesGate("area") || !TrySplitHuge(area, at))
        {
            return Errno.ENOMEM;
        }

        upper = new(this, at, area.EndAddress, area.Flags, area.IndexOf(at), area.File) { Anon = area.Anon, IsForkChild = area.IsForkChild, UserFaults = area.UserFaults };

        // The new one is found before the old one lets go of its pages, so that no walk can miss them.
        upper.File?.Mapping.Add(upper);
        upper.Anon?.Family.Add(upper);
        Adjust(area, area.StartAddress, at, area.PageOffset);
        _areas.Insert(FirstEndingAfter(at), upper);
        return Errno.None;
    }

    /// <summary>Gives a part of an area other flags: splits it out, and merges it with neighbours that are then alike.</summary>
    private Errno Modify(VirtualMemoryArea area, ulong start, ulong end, VmFlags flags, out VirtualMemoryArea modified)
    {
        modified = area;
        ulong oldStart = area.StartAddress;
        ulong oldEnd = area.EndAddress;
        Errno errno = Split(area, Math.Max(start, oldStart), out VirtualMemoryArea middle);
        if (errno == Errno.None && end < oldEnd)
        {
            errno = Split(middle, end, out _);
        }

        if (errno != Errno.None)
        {
            if (middle != area)
            {
                Merge(middle);
            }

            return errno;
        }

        middle.Flags = flags;
        modified = Merge(middle);
        return Errno.None;
    }

    /// <summary>Merges an area with its neighbours where they continue each other.</summary>
    /// <returns>The area that holds its addresses now.</returns>
    private VirtualMemoryArea Merge(VirtualMemoryArea area)
    {
        (VirtualMemoryArea? before, VirtualMemoryArea? after) = Neighbours(area);
        bool left = before is not null && Continues(before, area) && IsFamilyCompatible(before, area);
        bool right = after is not null && Continues(area, after) && IsFamilyCompatible(after, area);
        if (left && right && before!.Anon is { } first && after!.Anon is { } second && first != second)
        {
            right = false;
        }

        if (left && right)
        {
            Absorb(before!, area);
            Absorb(before!, after!);
            return before!;
        }

        if (left)
        {
            Absorb(before!, area);
            return before!;
        }

        if (right)
        {
            AbsorbDown(after!, area);
            return after!;
        }

        return area;
    }

    private static bool Continues(VirtualMemoryArea first, VirtualMemoryArea second) =>
        first.EndAddress == second.StartAddress
        && ((first.Flags ^ second.Flags) & ~VmFlags.Sticky) == VmFlags.None
        && !first.Has(VmFlags.Special)
        && first.File == second.File
        && first.UserFaults == second.UserFaults
        && first.PageOffset + first.Pages == second.PageOffset;

    /// <summary>Whether two areas' own pages may be of one family: the same one, or one of them has none and the other is no forked child's, whose ancestry could not be passed on.</summary>
    private static bool IsFamilyCompatible(VirtualMemoryArea target, VirtualMemoryArea source) =>
        target.Anon is null && source.Anon is not null ? !source.IsForkChild
        : target.Anon is not null && source.Anon is null ? !target.IsForkChild
        : target.Anon == source.Anon;

    /// <summary>Lets an area reach over the one behind it, which goes.</summary>
    private void Absorb(VirtualMemoryArea area, VirtualMemoryArea behind)
    {
        AdoptFamily(area, behind);
        Adjust(area, area.StartAddress, behind.EndAddress, area.PageOffset);
        area.Flags |= behind.Flags & VmFlags.Sticky;
        Remove(behind);
    }

    /// <summary>Lets an area reach down over the one before it, which goes.</summary>
    private void AbsorbDown(VirtualMemoryArea area, VirtualMemoryArea before)
    {
        AdoptFamily(area, before);
        _areas.Remove(before);
        Adjust(area, before.StartAddress, area.EndAddress, before.PageOffset);
        area.Flags |= before.Flags & VmFlags.Sticky;
        Unlink(before);
    }

    private static void AdoptFamily(VirtualMemoryArea area, VirtualMemoryArea other)
    {
        if (area.Anon is null && other.Anon is { } anon)
        {
            area.Anon = anon;
            area.IsForkChild = other.IsForkChild;
            anon.Family.Add(area);
        }
    }

    /// <summary>Sees that an area has a family for pages of its own, a neighbour's where the two might be merged one day. Below the lock for reading at least.</summary>
    internal Errno PrepareFamily(VirtualMemoryArea area)
    {
        if (area.Anon is not null)
        {
            return Errno.None;
        }

        if (!Memory.PassesGate("anonymous family"))
        {
            return Errno.ENOMEM;
        }

        WordLock.Enter(ref _familyLock, "family lock");
        if (area.Anon is null)
        {
            AnonVma anon = NeighboursFamily(area) ?? new(Memory.CreateMapping());
            anon.Family.Add(area);
            area.Anon = anon;
        }

        WordLock.Exit(ref _familyLock);
        return Errno.None;
    }

    private AnonVma? NeighboursFamily(VirtualMemoryArea area)
    {
        (VirtualMemoryArea? before, VirtualMemoryArea? after) = Neighbours(area);
        return after is { Anon: not null, IsForkChild: false } && MightMerge(area, after) ? after.Anon
            : before is { Anon: not null, IsForkChild: false } && MightMerge(before, area) ? before.Anon
            : null;
    }

    private static bool MightMerge(VirtualMemoryArea first, VirtualMemoryArea second) =>
        first.EndAddress == second.StartAddress
        && ((first.Flags ^ second.Flags) & ~(VmFlags.Access | VmFlags.Sticky)) == VmFlags.None
        && first.File == second.File
        && first.PageOffset + first.Pages == second.PageOffset;
}
