// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <summary>Reads what devices say of an array and places each at its role. Writes nothing.</summary>
internal sealed class RaidCensus
{
    private RaidCensus(RaidSuperblock newest, RaidMember[] members, bool isNewlyDegraded)
    {
        Newest = newest;
        Members = members;
        IsNewlyDegraded = isNewlyDegraded;
    }

    /// <summary>The latest superblock.</summary>
    public RaidSuperblock Newest { get; }

    /// <summary>The places, by role.</summary>
    public RaidMember[] Members { get; }

    /// <summary>Whether a member is lost that the superblock still counts on.</summary>
    public bool IsNewlyDegraded { get; }

    /// <summary>Takes the census.</summary>
    public static Errno TryTake(RaidAssembly how, IReadOnlyList<BlockDevice> devices, RaidHost host, out RaidCensus? census, out string reason)
    {
        census = null;
        Errno errno = host.Memory.TryAllocate(RaidLayout.BlockBytes, out PhysicalRange block);
        if (errno != Errno.None)
        {
            reason = "no memory to read superblocks into";
            return errno;
        }

        try
        {
            List<Candidate> found = [];
            for (int i = 0; i < devices.Count; i++)
            {
                if (devices.Take(i).Contains(devices[i]))
                {
                    reason = $"{devices[i].Name} is given twice";
                    return Errno.EINVAL;
                }

                errno = TryRead(devices[i], host.Bytes, block, out Candidate candidate, out reason);
                if (errno == Errno.None)
                {
                    found.Add(candidate);
                }
                else if (!how.AllowDegraded || errno is Errno.EROFS)
                {
                    return errno;
                }
            }

            return TryPlace(how, devices, found, out census, out reason);
        }
        finally
        {
            host.Memory.Free(block);
        }
    }

    private static Errno TryRead(BlockDevice device, IHostBytes host, PhysicalRange memory, out Candidate candidate, out string reason)
    {
        RaidSuperblock?[] blocks = new RaidSuperblock?[2];
        candidate = default;
        reason = $"{device.Name} is read-only";
        Errno errno = device.IsReadOnly ? Errno.EROFS : Errno.None;
        bool isDamaged = false;
        for (int i = 0; i < 2 && errno == Errno.None; i++)
        {
            BlockStatus status = device.Execute(new(BioOperation.Read, (ulong)i * (RaidLayout.SecondSuperblock >> Bio.SectorShift), RangeList.Of(memory).All));
            ReadOnlySpan<byte> bytes = host.ReadableAt(memory.Start, memory.Length);
            if (status is not (BlockStatus.Ok or BlockStatus.Medium) || bytes.Length != (int)RaidLayout.BlockBytes)
            {
                reason = $"{device.Name}: reading its superblock ended with {status}";
                return Errno.EIO;
            }

            Errno read = status == BlockStatus.Medium ? Errno.EUCLEAN : RaidSuperblock.TryRead(bytes, out blocks[i], out reason);
            isDamaged |= read == Errno.EUCLEAN;
            reason = status == BlockStatus.Medium ? "its blocks are lost" : reason;
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        if ((blocks[0] ?? blocks[1]) is not { } best)
        {
            reason = isDamaged ? $"{device.Name}: both superblocks are damaged: {reason}" : $"{device.Name} holds no superblock: it belongs to no array";
            return isDamaged ? Errno.EUCLEAN : Errno.ENODATA;
        }

        best = blocks[0] is { } first && blocks[1] is { } second && second.Event > first.Event ? second : best;
        candidate = new(device, best, blocks[1]?.Event ?? 0);
        reason = "";
        return Errno.None;
    }

    private static Errno TryPlace(RaidAssembly how, IReadOnlyList<BlockDevice> devices, List<Candidate> found, out RaidCensus? census, out string reason)
    {
        census = null;
        if (found.Count == 0)
        {
            reason = "no device holds a superblock";
            return Errno.ENODEV;
        }

        RaidSuperblock newest = found.MaxBy(static candidate => candidate.Superblock.Event).Superblock;
        ulong complete = found.Max(static candidate => candidate.SecondEvent);
        RaidMember[] members = [.. newest.Members.Select(static (entry, role) => new RaidMember(role, null) { Serial = entry.Serial, State = entry.State, SyncedBytes = entry.SyncedBytes })];
        foreach (Candidate candidate in found)
        {
            Errno errno = Judge(how, devices, newest, complete, candidate, out reason);
            if (errno == Errno.None && members[candidate.Superblock.Role].Device is { } other)
            {
                reason = $"{other.Name} and {candidate.Device.Name} both have role {candidate.Superblock.Role}";
                return Errno.EEXIST;
            }

            if (errno == Errno.None)
            {
                members[candidate.Superblock.Role].Device = candidate.Device;
            }
            else if (errno == Errno.EINVAL || !how.AllowDegraded)
            {
                return errno;
            }
            else if (members[candidate.Superblock.Role] is { Device: null } place)
            {
                place.Reason = reason;
            }
        }

        bool isNewlyDegraded = false;
        foreach (RaidMember member in members)
        {
            if (member.Device is null)
            {
                isNewlyDegraded |= member.IsWritable;
                member.State = member.IsWritable ? RaidMemberState.Missing : member.State;
                member.SyncedBytes = 0;
                member.Reason = member.Reason.Length != 0 ? member.Reason : "no device was given for it";
            }
        }

        string lost = string.Join(", ", members.Where(static member => member.Device is null).Select(static member => $"member {member.Role}: {member.Reason}"));
        if (lost.Length != 0 && !how.AllowDegraded)
        {
            reason = $"{newest.Name}: {lost}; allow a degraded start to go on without";
            return Errno.ENODEV;
        }

        if (members.All(static member => member.Device is null))
        {
            reason = $"{newest.Name}: no member can be used: {lost}";
            return Errno.ENODEV;
        }

        reason = "";
        census = new(newest, members, isNewlyDegraded);
        return Errno.None;
    }

    /// <summary>Whether a device may take its place.</summary>
    private static Errno Judge(RaidAssembly how, IReadOnlyList<BlockDevice> devices, RaidSuperblock newest, ulong complete, Candidate candidate, out string reason)
    {
        RaidSuperblock own = candidate.Superblock;
        string name = candidate.Device.Name;
        Guid wanted = how.Id ?? newest.Id;
        if (own.Id != wanted || newest.Id != wanted)
        {
            reason = $"{name} belongs to array {own.Name} ({own.Id}), not to {wanted}";
            return Errno.EINVAL;
        }

        int given = devices.Select(static (device, at) => (device, at)).First(pair => pair.device == candidate.Device).at;
        if (how.RolesAsGiven && given != own.Role)
        {
            reason = $"{name} is given as member {given}, and its superblock says {own.Role}";
            return Errno.EINVAL;
        }

        if (own.Geometry != newest.Geometry || own.Slots != newest.Slots || (own.Event == newest.Event && !own.AgreesWith(newest)))
        {
            reason = $"{name} tells another story of {newest.Name} than the other members at event {own.Event}: they ran apart; choose whose data to keep";
            return Errno.EUCLEAN;
        }

        RaidSuperblock.Entry entry = newest.Members[own.Role];
        bool isUsed = entry.State is RaidMemberState.InSync or RaidMemberState.Rebuilding;

        // An update reaches every first superblock before any second one: only while no second one has it may a member lag behind.
        bool isStale = complete == newest.Event ? own.Event < newest.Event : own.Event + 1 < newest.Event;
        if (!isUsed || entry.Serial != own.Members[own.Role].Serial || isStale)
        {
            reason = $"{name} is stale: it is at event {own.Event} of {newest.Event}, and member {own.Role} of {newest.Name} is {entry.State}; put it back as a replacement";
            return Errno.EUCLEAN;
        }

        if (candidate.Device.Sectors < entry.Sectors)
        {
            reason = $"{name} has {candidate.Device.Sectors} sectors, and had {entry.Sectors} when it became a member";
            return Errno.ENXIO;
        }

        reason = "";
        return Errno.None;
    }

    private readonly record struct Candidate(BlockDevice Device, RaidSuperblock Superblock, ulong SecondEvent);
}
