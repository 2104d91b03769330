// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>Arrays put together from what their members say.</content>
public sealed partial class RaidArray
{
    /// <summary>Puts an array together. Nothing is written unless <see cref="RaidAssembly.AllowDegraded"/> or <see cref="RaidAssembly.Recovery"/> asks for it.</summary>
    /// <param name="how">What is allowed.</param>
    /// <param name="devices">The members, in any order.</param>
    /// <param name="host">The machine it runs on.</param>
    /// <param name="array">The array, running.</param>
    /// <param name="reason">What is wrong, and what would be right.</param>
    /// <returns><see cref="Errno.ENODATA"/> for a device without a superblock; <see cref="Errno.EUCLEAN"/> for a damaged or stale one, two histories, or an array that was not stopped;
    /// <see cref="Errno.EINVAL"/> for another array's member or a wrong role; <see cref="Errno.EEXIST"/> for two members with one role; <see cref="Errno.EROFS"/>;
    /// <see cref="Errno.ENXIO"/> for a member that shrank; <see cref="Errno.ENODEV"/> for too few members; <see cref="Errno.EIO"/>; <see cref="Errno.ENOMEM"/>.</returns>
    public static Errno TryAssemble(RaidAssembly how, IReadOnlyList<BlockDevice> devices, RaidHost host, out RaidArray? array, out string reason)
    {
        ArgumentNullException.ThrowIfNull(how);
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(host);
        array = null;
        Errno errno = RaidCensus.TryTake(how, devices, host, out RaidCensus? census, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        RaidSuperblock superblock = census!.Newest;
        bool hasParity = superblock.Geometry.Parities != 0;
        if (hasParity && !superblock.IsClean && how.Recovery == RaidRecovery.Refuse)
        {
            reason = $"{superblock.Name} was not stopped: let its journal be played";
            return Errno.EUCLEAN;
        }

        if (hasParity && superblock.ResyncedBytes != ulong.MaxValue && census.Members.Any(static member => member.State != RaidMemberState.InSync))
        {
            reason = $"{superblock.Name}: its parity was never made to agree with its data beyond {superblock.ResyncedBytes} bytes of each member; it cannot stand in for a missing member";
            return Errno.ENODEV;
        }

        StepQueue ready = new();
        errno = StripePool.TryCreate(host, ready, superblock.Geometry, superblock.Layout, out StripePool? pool, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        RaidArray made = new(host, superblock, census.Members, pool!, ready);
        errno = made.Begin(how, census, out reason);
        if (errno != Errno.None)
        {
            made.Dispose();
            return errno;
        }

        array = made;
        return Errno.None;
    }

    private Errno Begin(RaidAssembly how, RaidCensus census, out string reason)
    {
        Judge();
        if (State == RaidState.Failed)
        {
            reason = $"{Name}: too few members: {string.Join(", ", _members.Where(static member => member.State != RaidMemberState.InSync))}";
            return Errno.ENODEV;
        }

        Await(ReadBitmap(), "assemble array");
        if (_bitmap is { UnsyncedCount: > 0 } && !_superblock.IsClean && how.Recovery == RaidRecovery.Refuse)
        {
            reason = $"{Name} was not stopped: its copies may differ in {_bitmap.UnsyncedCount} regions; let them be made to agree, now or later";
            return Errno.EUCLEAN;
        }

        if (census.IsNewlyDegraded)
        {
            _metadata.Touch();
            Await(_metadata.Settle(), "assemble array");
        }

        if (Geometry.Parities != 0 && !_superblock.IsClean)
        {
            BlockStatus status = Await(PlayJournal(), "play journal");
            if (status != BlockStatus.Ok)
            {
                reason = $"{Name}: its journal could not be played: {status} {FailureReason}";
                return Errno.EIO;
            }

            _superblock.IsClean = true;
            _metadata.Touch();
            Await(_metadata.Settle(), "assemble array");
        }

        if (_bitmap is not null && !_superblock.IsClean && how.Recovery == RaidRecovery.Now)
        {
            Errno errno = ResyncStep(ulong.MaxValue, out _, out reason);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        reason = "";
        return Errno.None;
    }

    /// <summary>Takes over what every member in sync says of where copies may differ; a bitmap that cannot be read says: anywhere.</summary>
    private async Step<bool> ReadBitmap()
    {
        _pool.BitmapBytes.Clear();
        foreach (RaidMember member in _members)
        {
            if (_bitmap is null || member.State != RaidMemberState.InSync)
            {
                continue;
            }

            MemberWork work = new(1);
            work.Start(member, BioOperation.Read, RaidLayout.BitmapOffset, _pool.Through(RaidLayout.BitmapBytes));
            if (await work)
            {
                _bitmap.Merge(_pool.ThroughBytes(RaidLayout.BitmapBytes));
            }
            else
            {
                _bitmap.MarkAll();
            }
        }

        return true;
    }
}
