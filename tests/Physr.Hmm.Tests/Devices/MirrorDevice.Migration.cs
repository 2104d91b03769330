// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Hmm.Tests;

/// <content>Moving pages to the device and home.</content>
internal sealed unsafe partial class MirrorDevice
{
    private const int HugeOrder = 9;
    private const int PagesPerHuge = 512;
    private readonly Lock _evicting = new();
    private DeviceMigration? _eviction;

    /// <summary>Moves pages of one area here; the mirror's table names those that came.</summary>
    /// <returns>What the set-up said.</returns>
    public Errno MigrateHere(ProcessMirror mirror, VirtualAddress start, int pages, out int collected)
    {
        AreaMigration migration = Rent();
        Errno errno = migration.Setup(mirror.Space, new(start, (ulong)pages << PageSize.Shift4K), MigrateSelect.System | Compound);
        collected = migration.Collected;
        if (errno == Errno.None)
        {
            Drop(mirror.Space, migration);
            for (int i = 0; i < pages; i++)
            {
                TakeHere(migration, i);
            }

            migration.Migrate();
            mirror.Install(migration);
            migration.Complete();
        }

        Return(migration);
        return errno;
    }

    /// <summary>Moves pages of the device's that lie in one area home.</summary>
    public Errno MigrateHome(AddressSpace space, VirtualAddress start, int pages, DevicePage? faultPage, out int collected, out int moved, out bool isShort)
    {
        AreaMigration migration = Rent();
        Errno errno = migration.Setup(space, new(start, (ulong)pages << PageSize.Shift4K), OwnSelect | Compound, faultPage);
        collected = migration.Collected;
        moved = 0;
        isShort = false;
        if (errno == Errno.None)
        {
            Drop(space, migration);
            isShort = !TakeHome(migration);
            migration.Migrate();
            moved = Moved(migration);
            migration.Complete();
        }

        Return(migration);
        return errno;
    }

    /// <summary>Brings all pages in use home, whoever maps them.</summary>
    /// <returns>How many could not be.</returns>
    public int EvictAll()
    {
        lock (_evicting)
        {
            _eviction ??= new(Memory, this);
            for (int round = 0; round < 100 && Pool.FreePages != Pool.Pages; round++)
            {
                if (_eviction.SetupRange(First, Pool.Pages) != Errno.None)
                {
                    break;
                }

                TakeHome(_eviction);
                _eviction.Migrate();
                _eviction.Complete();
                Thread.Yield();
            }

            return Pool.Pages - Pool.FreePages;
        }
    }

    private void TakeHere(MigrationBatch batch, int index)
    {
        MigrateFrame source = batch.Sources[index];
        if (!source.Moves || batch.Destinations[index].IsValid)
        {
            return;
        }

        bool isHuge = source.Has(MigrateFlags.Compound);
        if (isHuge && !FailsHugeAllocations && Gate?.TryPass("huge device page") != false && Pool.TryTake(HugeOrder, out DevicePage huge) == Errno.None)
        {
            Fill(source, 0, BytesOf(PageKey.Of(huge), HugeOrder), HugeOrder);
            batch.Destinations[index] = MigrateFrame.Of(huge, MigrateFlags.Valid | MigrateFlags.Compound);
            return;
        }

        for (int i = 0; i < (isHuge ? PagesPerHuge : 1); i++)
        {
            if (Gate?.TryPass("device page") != false && Pool.TryTake(0, out DevicePage page) == Errno.None)
            {
                Fill(source, (ulong)i, BytesOf(PageKey.Of(page)), 0);
                batch.Destinations[index + i] = MigrateFrame.Of(page);
            }
        }
    }

    // What stands nowhere yet is zero.
    private void Fill(MigrateFrame source, ulong part, Span<byte> destination, int order)
    {
        if (!source.IsValid)
        {
            destination.Clear();
            return;
        }

        PageKey key = source.Key.Add(part);
        (Owns(key) ? BytesOf(key, order) : Memory.BytesAt(key.Frame, order)).CopyTo(destination);
    }

    /// <summary>Takes RAM for all that moves and copies it there; false where some was not to be had.</summary>
    private bool TakeHome(MigrationBatch batch)
    {
        bool hasAll = true;
        for (int i = 0; i < batch.Count; i++)
        {
            MigrateFrame source = batch.Sources[i];
            if (!source.Moves || !source.IsValid)
            {
                continue;
            }

            bool isHuge = source.Has(MigrateFlags.Compound);
            if (isHuge && !FailsHugeAllocations && Memory.TryAllocateForMove(HugeOrder, out PageFrameNumber huge) == Errno.None)
            {
                Fill(source, 0, Memory.BytesAt(huge, HugeOrder), HugeOrder);
                batch.Destinations[i] = MigrateFrame.Of(huge, MigrateFlags.Valid | MigrateFlags.Compound);
                continue;
            }

            for (int part = 0; part < (isHuge ? PagesPerHuge : 1); part++)
            {
                if (Memory.TryAllocateForMove(0, out PageFrameNumber frame) != Errno.None)
                {
                    hasAll = false;
                    continue;
                }

                Fill(source, (ulong)part, Memory.BytesAt(frame), 0);
                batch.Destinations[i + part] = MigrateFrame.Of(frame);
            }
        }

        return hasAll;
    }

    private static int Moved(MigrationBatch batch)
    {
        int moved = 0;
        foreach (MigrateFrame source in batch.Sources)
        {
            moved += source.Moves ? 1 : 0;
        }

        return moved;
    }

    /// <summary>The pagemap's callback: the CPU touched a page that is here.</summary>
    private FaultOutcome ServeFault(in DevicePageFault fault)
    {
        Interlocked.Increment(ref _faultsServed);
        if (OnFault?.Invoke(fault) is { } answer)
        {
            return answer;
        }

        AddressSpace space = (AddressSpace)fault.Context!;
        VirtualAddress start = fault.Address.AlignDown(PageSize.Size4K);
        int pages = 1;
        VirtualAddress block = fault.Address.AlignDown(PageSize.Size2M);
        if (fault.Page.Head.Order == HugeOrder && UsesHugePages && space.FindArea(start) is { } area && area.Range.Contains(new AddressRange<VirtualAddress>(block, PageSize.Size2M)))
        {
            start = block;
            pages = PagesPerHuge;
        }

        Errno errno = MigrateHome(space, start, pages, fault.Page, out _, out int moved, out bool isShort);
        return errno != Errno.None ? FaultOutcome.BusError : moved == 0 && isShort ? FaultOutcome.OutOfMemory : FaultOutcome.Served;
    }
}
