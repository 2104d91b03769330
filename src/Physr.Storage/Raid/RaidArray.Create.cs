// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text;
using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>New arrays, and the end of a run.</content>
public sealed partial class RaidArray
{
    /// <summary>Makes an array of devices. Everything is checked before anything is written.</summary>
    /// <param name="options">What it shall be.</param>
    /// <param name="devices">Its members, by role.</param>
    /// <param name="host">The machine it runs on.</param>
    /// <param name="array">The array, running.</param>
    /// <param name="reason">What is wrong, and what would be right.</param>
    /// <returns><see cref="Errno.EINVAL"/> for a shape the level does not have; <see cref="Errno.EROFS"/>; <see cref="Errno.ENOSPC"/> where a member is too small; <see cref="Errno.EEXIST"/>
    /// where one belongs to an array; <see cref="Errno.EIO"/>; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryCreate(RaidOptions options, IReadOnlyList<BlockDevice> devices, RaidHost host, out RaidArray? array, out string reason)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(host);
        array = null;
        Errno errno = CheckShape(options, devices, out RaidGeometry? geometry, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        RaidLayout layout = RaidLayout.Of(options.Level, devices.Count, options.ChunkBytes, options.StripeSlots);
        StepQueue ready = new();
        errno = StripePool.TryCreate(host, ready, geometry!, layout, out StripePool? pool, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = options.Overwrite ? Errno.None : CheckUnused(devices, pool!, out reason);
        if (errno != Errno.None)
        {
            pool!.Dispose();
            return errno;
        }

        RaidSuperblock superblock = new()
        {
            Id = options.Id,
            Name = options.Name,
            Geometry = geometry!,
            Layout = layout,
            Slots = options.StripeSlots,
            IsClean = true,
            ResyncedBytes = geometry!.Parities == 0 || options.AssumeZeroed ? ulong.MaxValue : 0,
            NextSerial = (ulong)devices.Count + 1,
            Members = new RaidSuperblock.Entry[devices.Count],
        };
        RaidMember[] members = [.. devices.Select(static (device, role) => new RaidMember(role, device) { State = RaidMemberState.InSync, Serial = (ulong)role + 1 })];
        RaidArray made = new(host, superblock, members, pool!, ready);
        if (!made.WriteFirst(options.AssumeZeroed))
        {
            reason = $"{options.Name}: its superblocks could not be written: {string.Join(", ", members.Where(static member => member.State != RaidMemberState.InSync))} {made.FailureReason}";
            made.Dispose();
            return Errno.EIO;
        }

        array = made;
        return Errno.None;
    }

    /// <summary>Ends the run: flushes the members, and says on them that nothing is under way. Nothing may be.</summary>
    /// <returns><see cref="Errno.EBUSY"/> while requests are under way; <see cref="Errno.EIO"/> where a member cannot be written and is needed.</returns>
    public Errno TryStop(out string reason)
    {
        lock (_gate)
        {
            reason = "";
            if (_locks.Count != 0)
            {
                reason = $"{Name}: {_locks.Count} rows or regions are at work: wait for their requests";
                return Errno.EBUSY;
            }

            BlockStatus status = State == RaidState.Failed ? BlockStatus.IoError : Await(FlushMembers(clears: true), "stop array");
            if (status == BlockStatus.Ok && !_superblock.IsClean)
            {
                _superblock.IsClean = true;
                _metadata.Touch();
                Await(_metadata.Settle(), "stop array");
            }

            if (status == BlockStatus.Ok && State != RaidState.Failed)
            {
                return Errno.None;
            }

            reason = FailureReason.Length != 0 ? FailureReason : $"{Name}: a flush ended with {status}";
            return Errno.EIO;
        }
    }

    private static Errno CheckShape(RaidOptions options, IReadOnlyList<BlockDevice> devices, out RaidGeometry? geometry, out string reason)
    {
        geometry = null;
        if (options.StripeSlots is < 1 or > RaidSuperblock.MaxSlots || Encoding.UTF8.GetByteCount(options.Name) is < 1 or > RaidSuperblock.MaxNameBytes)
        {
            reason = $"an array has 1 to {RaidSuperblock.MaxSlots} stripe slots and a name of 1 to {RaidSuperblock.MaxNameBytes} bytes";
            return Errno.EINVAL;
        }

        // The shape first, as if there were room enough.
        Errno errno = RaidGeometry.TryCreate(options.Level, devices.Count, options.ChunkBytes, options.Copies, PageSize.Size1G, out _, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        for (int i = 0; i < devices.Count; i++)
        {
            if (devices[i].IsReadOnly)
            {
                reason = $"{devices[i].Name} is read-only";
                return Errno.EROFS;
            }

            if (devices.Take(i).Contains(devices[i]))
            {
                reason = $"{devices[i].Name} is given twice";
                return Errno.EINVAL;
            }
        }

        BlockDevice smallest = devices.MinBy(static device => device.Sectors)!;
        ulong dataOffset = RaidLayout.Of(options.Level, devices.Count, options.ChunkBytes, options.StripeSlots).DataOffset;
        ulong bytes = smallest.Sectors << Bio.SectorShift;
        if (bytes < dataOffset + options.ChunkBytes)
        {
            reason = $"{smallest.Name} has {bytes} bytes; metadata and one chunk take {dataOffset + options.ChunkBytes}";
            return Errno.ENOSPC;
        }

        return RaidGeometry.TryCreate(options.Level, devices.Count, options.ChunkBytes, options.Copies, bytes - dataOffset, out geometry, out reason);
    }

    private static Errno CheckUnused(IReadOnlyList<BlockDevice> devices, StripePool pool, out string reason)
    {
        foreach (BlockDevice device in devices)
        {
            Errno errno = CheckUnused(device, pool, null, out reason);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        reason = "";
        return Errno.None;
    }

    private static Errno CheckUnused(BlockDevice device, StripePool pool, Guid? own, out string reason)
    {
        for (ulong place = 0; place <= RaidLayout.SecondSuperblock; place += RaidLayout.SecondSuperblock)
        {
            BlockStatus status = device.Execute(new(BioOperation.Read, place >> Bio.SectorShift, pool.Through(RaidLayout.BlockBytes)));
            if (status != BlockStatus.Ok)
            {
                reason = $"{device.Name}: reading where its superblock would be ended with {status}";
                return Errno.EIO;
            }

            ReadOnlySpan<byte> block = pool.ThroughBytes(RaidLayout.BlockBytes);
            if (!RaidSuperblock.HasMagic(block))
            {
                continue;
            }

            bool isWhole = RaidSuperblock.TryRead(block, out RaidSuperblock? found, out _) == Errno.None;
            if (!isWhole || found!.Id != own)
            {
                reason = $"{device.Name} belongs to {(isWhole ? $"array {found!.Name} ({found.Id})" : "an array whose superblock is damaged")}; say overwrite to take it from there";
                return Errno.EEXIST;
            }
        }

        reason = "";
        return Errno.None;
    }

    private bool WriteFirst(bool isZeroed)
    {
        _pool.BitmapBytes.Clear();
        if (_bitmap is not null)
        {
            if (!isZeroed)
            {
                _bitmap.MarkAll();
            }

            Await(_bitmap.WriteAll(), "create array");
        }

        _metadata.Touch();
        Await(_metadata.Settle(), "create array");
        Judge();
        return State == RaidState.Healthy;
    }
}
