// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Memory;

namespace Physr.Hmm.Tests;

/// <content>What the device is told to do with the process's memory.</content>
internal sealed partial class ProcessMirror
{
    private const int PagesPerMigration = 512;

    /// <summary>Moves pages to the device, area by area, and reads them there (<c>HMM_DMIRROR_MIGRATE_TO_DEV</c>).</summary>
    public MirrorResult MigrateToDevice(VirtualAddress start, Span<byte> seen)
    {
        ulong end = start.Value + (ulong)seen.Length;
        Space.EnterRead();
        try
        {
            for (ulong at = start.Value; at < end;)
            {
                if (Space.FindArea(new(at)) is not { } area || (area.Flags & VmFlags.Read) == VmFlags.None)
                {
                    return new(Errno.EINVAL, 0, 0);
                }

                ulong next = Math.Min(Math.Min(end, area.Range.End.Value), (at + (PagesPerMigration << PageSize.Shift4K)) & ~(PageSize.Size2M - 1));
                Errno errno = Device.MigrateHere(this, new(at), (int)((next - at) >> PageSize.Shift4K), out _);
                if (errno != Errno.None)
                {
                    return new(errno, 0, 0);
                }

                at = next;
            }
        }
        finally
        {
            Space.ExitRead();
        }

        int done = 0;
        return new(TryRead(start, seen, ref done), done, 0);
    }

    /// <summary>Moves pages home (<c>HMM_DMIRROR_MIGRATE_TO_SYS</c>); the pages of the result are those collected.</summary>
    public MirrorResult MigrateToSystem(VirtualAddress start, ulong length)
    {
        int total = 0;
        Space.EnterRead();
        try
        {
            for (ulong at = start.Value; at < start.Value + length;)
            {
                if (Space.FindArea(new(at)) is not { } area)
                {
                    return new(Errno.EINVAL, total, 0);
                }

                ulong next = Math.Min(Math.Min(start.Value + length, area.Range.End.Value), (at + (PagesPerMigration << PageSize.Shift4K)) & ~(PageSize.Size2M - 1));
                Errno errno = Device.MigrateHome(Space, new(at), (int)((next - at) >> PageSize.Shift4K), null, out int collected, out _, out bool isShort);
                total += collected;
                if (errno != Errno.None || isShort)
                {
                    return new(errno == Errno.None ? Errno.ENOMEM : errno, total, 0);
                }

                at = next;
            }
        }
        finally
        {
            Space.ExitRead();
        }

        return new(Errno.None, total, 0);
    }

    /// <summary>Gets pages to itself, and reads them (<c>HMM_DMIRROR_EXCLUSIVE</c>).</summary>
    public MirrorResult Exclusive(VirtualAddress start, Span<byte> seen)
    {
        Space.EnterRead();
        try
        {
            for (int i = 0; i < seen.Length >> PageSize.Shift4K; i++)
            {
                VirtualAddress at = start.Add((ulong)i << PageSize.Shift4K);
                Errno errno;
                ExclusivePage? page;
                do
                {
                    errno = ExclusivePage.TryAcquire(Space, at, Device, out page);
                }
                while (errno == Errno.EBUSY);
                if (errno != Errno.None)
                {
                    return new(errno, i, 0);
                }

                lock (_lock)
                {
                    _table[at.Value >> PageSize.Shift4K] = new(PageKey.Of(page!.Frame), IsWritable: true, IsAtomic: true);
                }

                page.Dispose();
            }
        }
        finally
        {
            Space.ExitRead();
        }

        int done = 0;
        return new(TryRead(start, seen, ref done), done, 0);
    }

    /// <summary><see cref="Errno.EPERM"/> while the device still has one of the pages to itself (<c>HMM_DMIRROR_CHECK_EXCLUSIVE</c>).</summary>
    public Errno CheckExclusive(VirtualAddress start, int pages)
    {
        lock (_lock)
        {
            for (ulong page = 0; page < (ulong)pages; page++)
            {
                if (_table.TryGetValue((start.Value >> PageSize.Shift4K) + page, out DeviceEntry entry) && entry.IsAtomic)
                {
                    return Errno.EPERM;
                }
            }

            return Errno.None;
        }
    }

    /// <summary>Looks at page tables without faulting (<c>HMM_DMIRROR_SNAPSHOT</c>).</summary>
    public MirrorReport[] Snapshot(VirtualAddress start, int pages)
    {
        MirrorFrame[] frames = new MirrorFrame[pages];
        while (true)
        {
            ulong sequence = ReadBegin();
            Space.EnterRead();
            Errno errno = RangeMirror.TryFault(this, sequence, start, frames, MirrorRequest.Snapshot with { Owner = Device });
            Space.ExitRead();
            if (errno == Errno.EBUSY || ReadRetry(sequence))
            {
                continue;
            }

            Assert.Equal(Errno.None, errno);
            return Array.ConvertAll(frames, Report);
        }
    }

    /// <summary>Puts what a migration brought into the device's table.</summary>
    internal void Install(AreaMigration migration)
    {
        lock (_lock)
        {
            ulong first = migration.Start.Value >> PageSize.Shift4K;
            for (int i = 0; i < migration.Count; i++)
            {
                MigrateFrame source = migration.Sources[i];
                MigrateFrame destination = migration.Destinations[i];
                if (!source.Moves || !destination.IsValid)
                {
                    continue;
                }

                for (ulong part = 0; part < (destination.Has(MigrateFlags.Compound) ? 512UL : 1); part++)
                {
                    _table[first + (ulong)i + part] = new(destination.Key.Add(part), source.Has(MigrateFlags.Write), IsAtomic: false);
                }
            }
        }
    }

    private MirrorReport Report(MirrorFrame frame)
    {
        if (frame.Has(MirrorFlags.Error))
        {
            return MirrorReport.Error;
        }

        if (!frame.Has(MirrorFlags.Valid))
        {
            return MirrorReport.None;
        }

        MirrorReport report = frame.Has(MirrorFlags.Write) ? MirrorReport.Write : MirrorReport.Read;
        report |= frame.Order == 9 ? MirrorReport.Huge : MirrorReport.None;
        PageKey key = KeyOf(frame);
        DevicePage page = default;
        bool isDevices = key.IsOffset ? Space.Memory.Map.Private.TryGetPage(key.Offset, out page) : Space.Memory.Map.TryGetPage(key.Frame, out page);
        if (!isDevices)
        {
            bool isZero = !Space.Memory.BytesAt(key.Frame).ContainsAnyExcept((byte)0) && report == MirrorReport.Read;
            return report | (isZero ? MirrorReport.Zero : MirrorReport.None);
        }

        return report | (page.Pagemap.Type == MemoryType.DevicePrivate
            ? Device.Owns(key) ? MirrorReport.PrivateLocal : MirrorReport.PrivateRemote
            : Device.Owns(key) ? MirrorReport.CoherentLocal : MirrorReport.CoherentRemote);
    }
}
