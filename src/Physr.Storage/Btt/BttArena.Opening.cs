// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Btt;

/// <content>Opening: the info block or its copy, then the flog.</content>
internal sealed partial class BttArena
{
    /// <summary>Finds the info block of an arena, or its copy, and stores nothing.</summary>
    /// <param name="medium">The namespace's bytes.</param>
    /// <param name="start">Where the arena begins.</param>
    /// <param name="parent">The namespace; empty accepts any.</param>
    /// <param name="previousBytes">The size of the arena before it, 0 for the first: where else a copy may lie.</param>
    /// <param name="arena">The arena; null on failure.</param>
    /// <param name="reason">What is wrong; empty on success.</param>
    public static Errno TryFind(PersistentMemory medium, ulong start, Guid parent, ulong previousBytes, out BttArena? arena, out string reason)
    {
        ulong room = medium.Length - start;
        Errno errno = BttInfoBlock.TryRead(medium, start, room, parent, out BttInfoBlock? info, out reason);
        arena = info is null ? null : new(medium, start, info, isFromCopy: false);
        if (info is not null)
        {
            return Errno.None;
        }

        foreach (ulong bytes in (ReadOnlySpan<ulong>)[Math.Min(Alignment.Down(room, BttLayout.InfoBytes), BttLayout.MostArenaBytes), previousBytes])
        {
            if (bytes >= 2 * BttLayout.InfoBytes && bytes <= room
                && BttInfoBlock.TryRead(medium, start + bytes - BttLayout.InfoBytes, room, parent, out info, out _) == Errno.None
                && info!.Layout.CopyOffset == bytes - BttLayout.InfoBytes)
            {
                reason = "";
                arena = new(medium, start, info, isFromCopy: true);
                return Errno.None;
            }
        }

        reason = $"{medium.Name}: the info block of the arena at {start}: {reason}, and no copy of it is whole";
        return errno;
    }

    /// <summary>Reads the flog, and finishes the last write of each free block where its map entry was not stored yet.</summary>
    /// <returns><see cref="Errno.EUCLEAN"/>, <see cref="Errno.EIO"/> for a flog that is damaged or lost; <see cref="Errno.EROFS"/> where something is to be finished on a medium that refuses stores.</returns>
    public Errno TryRecover(out string reason)
    {
        for (int lane = 0; lane < _lanes.Length; lane++)
        {
            Errno errno = TryReadFlog(lane, out BttFlogEntry entry, out BttMapEntry map, out reason);
            if (errno == Errno.None && IsUnfinished(entry, map))
            {
                errno = IsReadOnly ? Errno.EROFS : TryWriteMap(entry.Sector, BttMapEntry.Plain(entry.NewBlock));
                reason = errno == Errno.None ? "" : $"{_medium.Name}: the last write of free block {lane} cannot be finished ({errno})";
                Finished++;
            }

            if (errno != Errno.None)
            {
                return errno;
            }

            _lanes[lane] = new() { Block = entry.OldBlock, Sequence = BttFlogEntry.After(entry.Sequence), Half = 1 - entry.Half };
        }

        reason = "";
        return Errno.None;
    }

    /// <summary>Reads what the flog says of one free block, and the map entry of the sector that it names.</summary>
    internal Errno TryReadFlog(int lane, out BttFlogEntry entry, out BttMapEntry map, out string reason)
    {
        Span<byte> group = stackalloc byte[(int)BttLayout.FlogGroupBytes];
        Errno errno = _medium.TryRead(FlogOffsetOf(lane), group);
        entry = default;
        map = default;
        if (errno == Errno.None && !BttFlogEntry.TryParse(group, _layout, out entry))
        {
            errno = Errno.EUCLEAN;
        }

        reason = errno == Errno.None ? "" : $"{_medium.Name}: the flog of free block {lane} in the arena at {_start} is {(errno == Errno.EUCLEAN ? "damaged" : "lost")}";
        return errno == Errno.None && entry.OldBlock != entry.NewBlock ? ReadMapOf(entry.Sector, out map, out reason) : errno;
    }

    /// <summary>Reads a raw map entry, for a check.</summary>
    internal Errno TryReadMapEntry(uint sector, out BttMapEntry entry) => TryReadMap(sector, out entry);

    internal static bool IsUnfinished(BttFlogEntry entry, BttMapEntry map) => entry.OldBlock != entry.NewBlock && map.BlockOf(entry.Sector) == entry.OldBlock;

    private Errno ReadMapOf(uint sector, out BttMapEntry map, out string reason)
    {
        Errno errno = TryReadMap(sector, out map);
        reason = errno == Errno.None ? "" : $"{_medium.Name}: the map entry of sector {sector} in the arena at {_start} cannot be read ({errno}), so that its last write cannot be judged";
        return errno;
    }
}
