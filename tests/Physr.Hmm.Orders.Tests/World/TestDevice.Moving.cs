// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm.Orders.Tests;

/// <content>What the driver moves.</content>
internal sealed unsafe partial class TestDevice
{
    /// <summary>Moves pages of a process to the device.</summary>
    /// <returns>How many did; a page of 2 MiB counts as one.</returns>
    public int MoveIn(Process process, int first, int pages, bool isWhole = false, bool isSplit = false)
    {
        AreaMigration batch = new(_memory, this);
        AddressSpace space = process.Space;
        MigrateSelect select = MigrateSelect.System | (isWhole ? MigrateSelect.Compound : MigrateSelect.None);
        space.EnterRead();
        try
        {
            if (batch.Setup(space, new(process.AddressOf(first), (ulong)pages << PageSize.Shift4K), select) != Errno.None)
            {
                return 0;
            }

            for (int i = 0; i < batch.Count; i++)
            {
                MigrateFrame source = batch.Sources[i];
                if (source.Moves)
                {
                    i += Bring(batch, i, source, isSplit);
                }
            }

            batch.Migrate();
            int moved = Moved(batch);
            batch.Complete();
            return moved;
        }
        finally
        {
            space.ExitRead();
        }
    }

    /// <summary>Moves pages of the device to RAM, whoever has them: the oldest first.</summary>
    public int Evict(int most)
    {
        Span<PageKey> keys = stackalloc PageKey[most];
        int count = Pool.Oldest(keys);
        DeviceMigration batch = new(_memory, this);
        return count == 0 || batch.SetupPages(keys[..count]) != Errno.None ? 0 : MoveOut(batch);
    }

    /// <summary>The same for all of the device, 2 MiB whole where they are.</summary>
    public int EvictAll(bool isSplit = false)
    {
        DeviceMigration batch = new(_memory, this);
        return batch.SetupRange(First, Pool.Pages) != Errno.None ? 0 : MoveOut(batch, isSplit);
    }

    /// <summary>Unplugs the device while processes use it.</summary>
    public void Unplug()
    {
        _memory.Map.BeginUnregister(Pagemap);
        SpinWait spinner = default;
        while (_memory.Map.TryUnregister(Pagemap) != Errno.None)
        {
            if (IsHeld())
            {
                SchedulePoint.Wait("device in use", ref spinner);
            }
            else
            {
                Assert.True(EvictAll() != 0 || _memory.FreePages != 0, $"{Name} cannot leave: there is no RAM");
            }
        }
    }

    /// <summary>Whether what is in use is all with somebody who is at it.</summary>
    private bool IsHeld()
    {
        PageKey[] keys = new PageKey[Pool.Pages];
        int count = Pool.Oldest(keys);
        for (int i = 0; i < count; i++)
        {
            Page page = _memory.PageOf(keys[i]);
            // A page without references is on its way back to the pool.
            if (!page.Has(PageFlags.Locked) && page.References != 0 && page.References == page.TotalMapCount)
            {
                return false;
            }
        }

        return count != 0;
    }

    private int MoveOut(MigrationBatch batch, bool isSplit = false)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            MigrateFrame source = batch.Sources[i];
            if (source.Moves)
            {
                i += Send(batch, i, source, isSplit);
            }
        }

        batch.Migrate();
        int moved = Moved(batch);
        batch.Complete();
        return moved;
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

    /// <summary>Serves a fault of the CPU.</summary>
    private FaultOutcome Serve(in DevicePageFault fault)
    {
        Interlocked.Increment(ref _callbacks);
        AddressSpace space = (AddressSpace)fault.Context!;
        bool isWhole = MovesWhole && space.EntryOf(fault.Address.Value).IsHuge;
        AddressRange<VirtualAddress> range = isWhole ? new(fault.Address.AlignDown(PageSize.Size2M), PageSize.Size2M) : new(fault.Address.AlignDown(PageSize.Size4K), PageSize.Size4K);
        AreaMigration batch = new(_memory, this);
        Errno errno = batch.Setup(space, range, MigrateSelect.DevicePrivate | (isWhole ? MigrateSelect.Compound : MigrateSelect.None), fault.Page);
        if (errno != Errno.None)
        {
            return FaultOutcome.BusError;
        }

        int collected = batch.Collected;
        bool hasRoom = collected == 0 || _memory.FreePages > (isWhole ? 520 : 4);
        MoveOut(batch);
        return hasRoom ? FaultOutcome.Served : FaultOutcome.OutOfMemory;
    }

    private int Bring(MigrationBatch batch, int index, MigrateFrame source, bool isSplit)
    {
        bool isLarge = source.Has(MigrateFlags.Compound);
        if (isLarge && !isSplit && Pool.TryTake(PhysicalMemory.HugeOrder, out DevicePage whole) == Errno.None)
        {
            Copy(source, PageKey.Of(whole), AddressSpace.PagesPerHuge);
            batch.Destinations[index] = MigrateFrame.Of(whole, MigrateFlags.Compound);
            return AddressSpace.PagesPerHuge - 1;
        }

        int pages = isLarge ? AddressSpace.PagesPerHuge : 1;
        for (int i = 0; i < pages && Pool.TryTake(0, out DevicePage page) == Errno.None; i++)
        {
            CopyPart(source, i, PageKey.Of(page));
            batch.Destinations[index + i] = MigrateFrame.Of(page);
        }

        return pages - 1;
    }

    private int Send(MigrationBatch batch, int index, MigrateFrame source, bool isSplit)
    {
        bool isLarge = source.Has(MigrateFlags.Compound);
        if (isLarge && !isSplit && _memory.TryAllocateForMove(PhysicalMemory.HugeOrder, out PageFrameNumber whole) == Errno.None)
        {
            Copy(source, PageKey.Of(whole), AddressSpace.PagesPerHuge);
            batch.Destinations[index] = MigrateFrame.Of(whole, MigrateFlags.Compound);
            return AddressSpace.PagesPerHuge - 1;
        }

        int pages = isLarge ? AddressSpace.PagesPerHuge : 1;
        for (int i = 0; i < pages && _memory.TryAllocateForMove(0, out PageFrameNumber frame) == Errno.None; i++)
        {
            CopyPart(source, i, PageKey.Of(frame));
            batch.Destinations[index + i] = MigrateFrame.Of(frame);
        }

        return pages - 1;
    }

    private void Copy(MigrateFrame source, PageKey to, int pages)
    {
        SchedulePoint.Reach("device copy");
        CopyBytes(source, 0, to, pages);
    }

    private void CopyPart(MigrateFrame source, int part, PageKey to)
    {
        if (part == 0)
        {
            SchedulePoint.Reach("device copy");
        }

        CopyBytes(source, part, to, 1);
    }

    private void CopyBytes(MigrateFrame source, int part, PageKey to, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            Span<byte> target = new(AnyBytesOf(to.Add((ulong)i)), (int)PageSize.Size4K);
            if (source.IsValid)
            {
                new Span<byte>(AnyBytesOf(source.Key.Add((ulong)(part + i))), (int)PageSize.Size4K).CopyTo(target);
            }
            else
            {
                target.Clear();
            }
        }
    }
}
