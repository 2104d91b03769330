// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm;

/// <content>What happens to one page.</content>
public abstract unsafe partial class MigrationBatch
{
    // SAFETY: a page's descriptor is native memory that stays while the page is held, or while an entry seen below its table's lock names it.
    private const int PagesPerHuge = 512;

    private protected Page PageOf(int index) => Memory.PageOf(_sources[index].Key).Head;

    /// <summary>Puts a new page where nothing was.</summary>
    private protected virtual bool FillHole(int index, MigrateFrame destination) => false;

    /// <summary>Gives the one entry that mapped a page what it names now.</summary>
    private protected virtual void RestoreSole(int index, Page from, Page to) => Memory.Restore(from, to);

    /// <summary>Called when all pages have their place.</summary>
    private protected virtual void EndFilling()
    {
    }

    /// <summary>Whether the driver's page is one that it may hand over: fresh, locked, its own, and memory that a process's pages may be in (row R37). One that is not the driver's to give is
    /// forgotten, so that nobody gives it back.</summary>
    private bool CheckDestination(int index)
    {
        MigrateFrame destination = _destinations[index];
        Page page = Memory.PageOf(destination.Key);
        if (page.IsNull || !page.Has(PageFlags.Locked) || page.References < 1)
        {
            return Refuse(index, page.IsNull ? "is no page" : "is not locked and held", forget: true);
        }

        if (page.Has(PageFlags.Anonymous | PageFlags.Reserved | PageFlags.SharedMemory | PageFlags.Tail) || page.Descriptor->Mapping != 0)
        {
            return Refuse(index, "is in use already", forget: true);
        }

        if (page.Order != (destination.Has(MigrateFlags.Compound) ? PhysicalMemory.HugeOrder : 0))
        {
            return Refuse(index, "is not of the size that it is said to be", forget: false);
        }

        if (page.IsRam)
        {
            return true;
        }

        Pagemap pagemap = Memory.DeviceOf(page).Pagemap;
        if (pagemap.Type is not (MemoryType.DevicePrivate or MemoryType.DeviceCoherent))
        {
            return Refuse(index, $"is {pagemap.Type} memory, which holds no process's own pages", forget: false);
        }

        return ReferenceEquals(pagemap.Owner, OwnerOfPages) || Refuse(index, $"is {pagemap}'s, another owner's", forget: false);
    }

    private bool Refuse(int index, string why, bool forget)
    {
        Memory.Warn($"migrate: destination {_destinations[index].Key} {why}; the page stays where it was");
        if (forget)
        {
            _destinations[index] = default;
        }

        return false;
    }

    private bool MovePage(int index)
    {
        Page from = PageOf(index);
        bool isLarge = _sources[index].Has(MigrateFlags.Compound);
        if (!from.IsAnonymous || from.Has(PageFlags.SwapCache))
        {
            return false;
        }

        if (_destinations[index].Has(MigrateFlags.Compound) && !isLarge)
        {
            // Many small pages do not become one large one (row R38b).
            return false;
        }

        if (isLarge && !_destinations[index].Has(MigrateFlags.Compound))
        {
            if (!SplitSource(index, from))
            {
                return false;
            }

            from = PageOf(index);
        }

        Page to = Memory.PageOf(_destinations[index].Key);
        int expected = PhysicalMemory.ExpectedReferences(from) + (from.Equals(FaultPage) ? 1 : 0);
        if (from.References != expected)
        {
            return false;
        }

        Memory.MoveState(from, to);
        return true;
    }

    /// <summary>Breaks a large source whose destinations are small (row R38a): the 511 behind it become sources of their own.</summary>
    private bool SplitSource(int index, Page from)
    {
        if (index + PagesPerHuge > _count || !Memory.TrySplit(from, 1 + (from.Equals(FaultPage) ? 1 : 0)))
        {
            return false;
        }

        MigrateFrame source = _sources[index];
        MigrateFlags flags = source.Flags & ~MigrateFlags.Compound;
        for (int i = 0; i < PagesPerHuge; i++)
        {
            _sources[index + i] = MigrateFrame.Of(source.Key.Add((ulong)i), flags);
        }

        return true;
    }

    private void CompleteOne(int index, ref FreedRun freed)
    {
        MigrateFrame source = _sources[index];
        MigrateFrame destination = _places[index];
        Page to = destination.IsValid ? Memory.PageOf(destination.Key) : default;
        if (!source.IsValid)
        {
            Return(to);
            return;
        }

        Page from = PageOf(index);
        bool hasMoved = source.Moves && !to.IsNull;
        if (source.IsSole)
        {
            RestoreSole(index, from, hasMoved ? to : from);
        }
        else
        {
            Memory.Restore(from, hasMoved ? to : from);
        }

        Return(to);
        if (!from.Equals(FaultPage))
        {
            from.Unlock();
        }

        freed.Put(from);
    }

    /// <summary>Gives the driver's lock and reference back; what was mapped has references of its own.</summary>
    private void Return(Page to)
    {
        if (to.IsNull)
        {
            return;
        }

        if (!to.Has(PageFlags.Locked))
        {
            Memory.Warn($"migrate: destination {to.Key} was unlocked by somebody else");
            return;
        }

        to.Unlock();
        Memory.Put(to);
    }

    private protected void LetGo(Page from)
    {
        if (!from.Equals(FaultPage))
        {
            from.Unlock();
        }

        Memory.Put(from);
    }
}
