// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage.Raid;

/// <content>What holds of an array whose members are memory.</content>
public sealed partial class RaidArray
{
    /// <summary>Regions with stores past the block layer, which nobody may have flushed.</summary>
    private readonly HashSet<ulong> _stored = [];

    /// <summary>Whether bytes of the array may be mapped into a process (mission text 004, row R87): behind the array they need no page descriptors, visible through an MMU they do.</summary>
    /// <param name="map">Who knows which memory has descriptors.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="reason">Which bytes may not, and what to do; empty on success.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> for bytes without descriptors or that are no memory; what <see cref="IDaxDevice.TryDirectAccess"/> gives.</returns>
    public Errno CheckMmuMapping(MemoryMap map, ulong offset, ulong length, out string reason)
    {
        ArgumentNullException.ThrowIfNull(map);
        if (_dax is null)
        {
            reason = $"{Name}: not all its members are memory; map a file's pages instead";
            return Errno.EOPNOTSUPP;
        }

        using RangeListBuilder ranges = RangeListBuilder.Rent();
        Errno errno = _dax.TryDirectAccess(offset, length, DirectAccess.Read, ranges, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        foreach (ProvidedRange entry in ranges.Build())
        {
            errno = map.CheckMmuMapping(entry.Range, out string why);
            if (errno != Errno.None)
            {
                reason = $"{Name}: {why}. Register page descriptors over the members' ranges, or keep the array hidden";
                return errno;
            }
        }

        return Errno.None;
    }

    /// <summary>Before stores to a mirror's copies: says on the members where they may differ.</summary>
    internal Errno PrepareStores(ulong offset, ulong length)
    {
        if (State == RaidState.Failed)
        {
            return Errno.EIO;
        }

        if (!IsProtected)
        {
            return Errno.None;
        }

        ulong last = (offset + length - 1) / _bitmap!.RegionBytes;
        for (ulong region = offset / _bitmap.RegionBytes; region <= last; region++)
        {
            if (!_bitmap.IsMarked(region) || _superblock.IsClean)
            {
                Await(MarkDirty(), "store");
                Await(_bitmap.Mark(region), "store");
            }

            _stored.Add(region);
        }

        _writesStarted++;
        return Errno.None;
    }

    /// <summary>Starts the way of all stores to the members' media: their bits are about to be cleared.</summary>
    private void FlushStores()
    {
        foreach (ulong region in _stored)
        {
            ulong start = region * _bitmap!.RegionBytes;
            _dax!.TryFlush(start, Math.Min(_bitmap.RegionBytes, Geometry.ArrayBytes - start));
        }

        _stored.Clear();
    }

    /// <summary>A member that cannot be stored to is out of use before anything else happens.</summary>
    internal void ReportFailedStore(RaidMember member, Errno errno)
    {
        MarkFailed(member, $"a store ended with {errno}");
        Await(_metadata.Settle(), "store");
    }
}
