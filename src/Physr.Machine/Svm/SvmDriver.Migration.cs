// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Hmm;
using Physr.Machine.Gpu.Host;
using Physr.Memory;
using Physr.Mm;

namespace Physr.Machine.Svm;

/// <content>Into the GPU's memory, and home by a touch of the CPU.</content>
internal sealed partial class SvmDriver
{
    /// <summary>Moves what is in RAM of a range, and what was never touched, into the GPU's memory; where there is not room for all, the page that faulted first. What cannot move stays.</summary>
    private void MigrateIn(AddressRange<VirtualAddress> part, ulong faulting)
    {
        int wanted = (int)(part.Length >> PageSize.Shift4K);
        MakeRoom(wanted);
        AreaMigration batch = _in!;
        _space!.EnterRead();
        try
        {
            if (batch.Setup(_space, part, MigrateSelect.System | MigrateSelect.Compound) != Errno.None)
            {
                return;
            }

            if (batch.Collected != 0)
            {
                // Its own change is not told to the mirror (row R30b): what the GPU reached in RAM goes here.
                _mirror!.Drop(part.Start, part.Length);
                int first = (int)((faulting - part.Start.Value) >> PageSize.Shift4K);
                if (_private.Pool.FreePages < wanted)
                {
                    PlaceIn(batch, HeadOf(batch, first));
                }

                for (int i = 0; i < batch.Count; i++)
                {
                    PlaceIn(batch, i);
                }

                if (_mover!.Run(toGpu: true, _failed) != Errno.None)
                {
                    GiveBackIn(batch);
                }
            }

            batch.Migrate();
            _statistics = _statistics with { ToDevice = _statistics.ToDevice + CountMoved(batch, part.Start.Value) };
        }
        finally
        {
            batch.Complete();
            _space.ExitRead();
        }
    }

    /// <summary>Finds the place of the batch that a page belongs to: its own, or that of the 2 MiB page around it.</summary>
    private static int HeadOf(MigrationBatch batch, int index)
    {
        int head = index;
        while (head > 0 && batch.Sources[head] == MigrateFrame.None)
        {
            head--;
        }

        return batch.Sources[head].Has(MigrateFlags.Compound) || head == index ? head : index;
    }

    private void PlaceIn(AreaMigration batch, int index)
    {
        MigrateFrame source = batch.Sources[index];
        if (!source.Moves || batch.Destinations[index].IsValid)
        {
            return;
        }

        bool isLarge = source.Has(MigrateFlags.Compound);
        if (isLarge && _private.Pool.TryTake(GpuMemoryAllocator.BlockOrder, out DevicePage large) == Errno.None)
        {
            batch.Destinations[index] = MigrateFrame.Of(large, MigrateFlags.Compound);
            BytesIn(batch, source, index, large);
            return;
        }

        for (int i = index; i < index + (isLarge ? MostPages : 1) && _private.Pool.TryTake(0, out DevicePage page) == Errno.None; i++)
        {
            batch.Destinations[i] = MigrateFrame.Of(page);
            BytesIn(batch, source, i, page, (ulong)(i - index));
        }
    }

    /// <summary>Puts a page's bytes on the list of what is moved, or zeros where there are none.</summary>
    private void BytesIn(AreaMigration batch, MigrateFrame source, int index, DevicePage page, ulong into = 0)
    {
        ulong offset = _private.OffsetOf(PageKey.Of(page));
        int pages = 1 << page.Order;
        if (source.IsValid)
        {
            _mover!.Add(new(index, source.Key.Add(into).Frame, offset, pages));
        }
        else if (!TryClear(offset, (ulong)pages << PageSize.Shift4K))
        {
            GiveBack(batch, index, page);
        }
    }

    /// <summary>Fills memory of the GPU with zeros: where nothing was, the process has to find them.</summary>
    private bool TryClear(ulong offset, ulong length) =>
        _engine!.TryFill(offset, length, 0, 0) == Errno.None && _engine.Wait(out GpuJobCompletion filled) == Errno.None && filled.IsSuccess;

    /// <summary>Takes destinations back whose bytes did not arrive: their pages stay where they are.</summary>
    private void GiveBackIn(AreaMigration batch)
    {
        foreach (PagePair pair in _failed)
        {
            GiveBack(batch, pair.Index, _private.PageOf(batch.Destinations[pair.Index].Key));
        }
    }

    private static void GiveBack(AreaMigration batch, int index, DevicePage page)
    {
        batch.Destinations[index] = default;
        page.Unlock();
        page.Put();
    }

    /// <summary>Counts what moved, and notes which address each of the GPU's pages stands for.</summary>
    private long CountMoved(AreaMigration batch, ulong start)
    {
        long moved = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            MigrateFrame destination = batch.Destinations[i];
            if (batch.Sources[i].Moves && destination.IsValid)
            {
                int pages = destination.Has(MigrateFlags.Compound) ? MostPages : 1;
                int index = _private.IndexOf(destination.Key);
                for (int page = 0; page < pages; page++)
                {
                    // A large page may be broken later.
                    _virtualPages[index + page] = start + ((ulong)(i + page) << PageSize.Shift4K);
                }

                moved += pages;
            }
        }

        return moved;
    }

    /// <summary>Serves a touch of the CPU: the page, and its neighbours of the same granule, come home.</summary>
    private FaultOutcome BringHome(in DevicePageFault fault)
    {
        if (fault.Context is not AddressSpace space || _mirror is null || space.FindArea(fault.Address) is not { } area)
        {
            return FaultOutcome.BusError;
        }

        ulong granule = fault.Page.Head.Order == 0 ? _route.GranuleBytes : PageSize.Size2M;
        AddressRange<VirtualAddress> part = new AddressRange<VirtualAddress>(fault.Address.AlignDown(granule), granule).Intersect(area.Range);
        AreaMigration batch = _home!;
        if (batch.Setup(space, part, MigrateSelect.DevicePrivate | MigrateSelect.Compound, fault.Page) != Errno.None)
        {
            return FaultOutcome.BusError;
        }

        try
        {
            return MoveHome(batch, part, (int)(fault.Address.OffsetFrom(part.Start) >> PageSize.Shift4K));
        }
        finally
        {
            batch.Complete();
        }
    }

    private FaultOutcome MoveHome(AreaMigration batch, AddressRange<VirtualAddress> part, int faulting)
    {
        AddressRange<VirtualAddress> mirrored = part.Intersect(_mirror!.Range);
        if (!mirrored.IsEmpty)
        {
            _mirror.Drop(mirrored.Start, mirrored.Length);
        }

        int head = HeadOf(batch, faulting);
        if (batch.Memory.FreePages < batch.Count)
        {
            PlaceHome(batch, head);
        }

        for (int i = 0; i < batch.Count; i++)
        {
            PlaceHome(batch, i);
        }

        bool hasPlace = batch.Destinations[head].IsValid;
        if (_mover!.Run(toGpu: false, _failed) != Errno.None)
        {
            GiveBackHome(batch);
        }

        batch.Migrate();
        long moved = CountHome(batch);
        _statistics = _statistics with { ToRam = _statistics.ToRam + moved };
        bool isHome = batch.Sources[faulting].Moves || (batch.Sources[head].Moves && batch.Sources[head].Has(MigrateFlags.Compound));
        return isHome && (batch.Destinations[head].IsValid || batch.Destinations[faulting].IsValid) ? FaultOutcome.Served
            : hasPlace ? FaultOutcome.BusError : FaultOutcome.OutOfMemory;
    }

    private void PlaceHome(MigrationBatch batch, int index)
    {
        MigrateFrame source = batch.Sources[index];
        if (!source.Moves || !source.IsValid || batch.Destinations[index].IsValid)
        {
            return;
        }

        bool isLarge = source.Has(MigrateFlags.Compound);
        if (isLarge && batch.Memory.TryAllocateForMove(GpuMemoryAllocator.BlockOrder, out PageFrameNumber large) == Errno.None)
        {
            batch.Destinations[index] = MigrateFrame.Of(large, MigrateFlags.Compound);
            _mover!.Add(new(index, large, _private.OffsetOf(source.Key), MostPages));
            return;
        }

        for (int i = index; i < index + (isLarge ? MostPages : 1) && batch.Memory.TryAllocateForMove(0, out PageFrameNumber frame) == Errno.None; i++)
        {
            batch.Destinations[i] = MigrateFrame.Of(frame);
            _mover!.Add(new(i, frame, _private.OffsetOf(source.Key.Add((ulong)(i - index))), 1));
        }
    }

    private void GiveBackHome(MigrationBatch batch)
    {
        foreach (PagePair pair in _failed)
        {
            batch.Destinations[pair.Index] = default;
            batch.Memory.FreeUnmoved(pair.Frame);
        }
    }

    private static long CountHome(MigrationBatch batch)
    {
        long moved = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            MigrateFrame destination = batch.Destinations[i];
            moved += batch.Sources[i].Moves && destination.IsValid ? destination.Has(MigrateFlags.Compound) ? MostPages : 1 : 0;
        }

        return moved;
    }
}
