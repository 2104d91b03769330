// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Btt;

/// <summary>Sectors that are never torn over persistent memory (the kernel's <c>btt</c>): after a power cut each is wholly what it was or wholly what was written, and a write that returned is there.</summary>
/// <remarks>Safe for any number of threads: each uses the lane of its number, one at a time. A write of a sector and a read of the same one give the old or the new bytes.</remarks>
public sealed class BttDevice
{
    private const int MostLanes = 256;
    private readonly List<BttArena> _arenas;
    private readonly Lock[] _lanes;

    private BttDevice(PersistentMemory medium, List<BttArena> arenas)
    {
        Name = medium.Name;
        _arenas = arenas;
        _lanes = new Lock[Math.Min(MostLanes, arenas.Min(static each => each.LaneCount))];
        for (int i = 0; i < _lanes.Length; i++)
        {
            _lanes[i] = new();
        }

        SectorBytes = arenas[0].Info.Layout.SectorBytes;
        Sectors = arenas.Aggregate(0UL, static (sum, arena) => sum + arena.Sectors);
    }

    /// <summary>The name in messages.</summary>
    public string Name { get; }

    /// <summary>A sector, in bytes.</summary>
    public uint SectorBytes { get; }

    /// <summary>How many sectors.</summary>
    public ulong Sectors { get; }

    /// <summary>Its identity.</summary>
    public Guid Uuid => _arenas[0].Info.Uuid;

    /// <summary>How many arenas.</summary>
    public int ArenaCount => _arenas.Count;

    /// <summary>Arenas whose info block is damaged and whose copy stands in.</summary>
    public int ArenasFromCopy => _arenas.Count(static arena => arena.IsFromCopy);

    /// <summary>Writes that opening finished.</summary>
    public int FinishedWrites => _arenas.Sum(static arena => arena.Finished);

    /// <summary>Whether writes are refused: by the medium, or since an arena says that it has failed.</summary>
    public bool IsReadOnly => _arenas.Exists(static arena => arena.IsReadOnly);

    /// <summary>Opens a translation table: reads the info blocks and the flog, and finishes the last write of each free block.</summary>
    /// <param name="medium">The namespace's bytes.</param>
    /// <param name="parent">The namespace; empty accepts any.</param>
    /// <param name="device">The sectors; null on failure.</param>
    /// <param name="reason">What is wrong; empty on success.</param>
    /// <returns><see cref="Errno.EUCLEAN"/>, <see cref="Errno.EIO"/> for what is damaged or lost; <see cref="Errno.EOPNOTSUPP"/> for another version; <see cref="Errno.EROFS"/>.</returns>
    public static Errno TryOpen(PersistentMemory medium, Guid parent, out BttDevice? device, out string reason)
    {
        ArgumentNullException.ThrowIfNull(medium);
        device = null;
        Errno errno = TryFindArenas(medium, parent, out List<BttArena> arenas, out reason);
        foreach (BttArena arena in errno == Errno.None ? arenas : [])
        {
            errno = arena.TryRecover(out reason);
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        device = errno == Errno.None ? new(medium, arenas) : null;
        return errno;
    }

    /// <summary>Reads a sector.</summary>
    /// <param name="sector">Which, counted in <see cref="SectorBytes"/>.</param>
    /// <param name="destination">Exactly one sector.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EINVAL"/> for another length; <see cref="Errno.EIO"/> where its block or map entry is lost, damaged or marked.</returns>
    public Errno TryRead(ulong sector, Span<byte> destination)
    {
        Errno errno = Find(sector, destination.Length, out BttArena? arena, out uint within);
        if (errno != Errno.None)
        {
            return errno;
        }

        int lane = LaneOfThread();
        lock (_lanes[lane])
        {
            return arena!.TryRead(lane, within, destination);
        }
    }

    /// <summary>Writes a sector; durable when it returns.</summary>
    /// <param name="sector">Which.</param>
    /// <param name="source">Exactly one sector.</param>
    /// <returns><see cref="Errno.ENXIO"/>, <see cref="Errno.EINVAL"/>, <see cref="Errno.EROFS"/>, <see cref="Errno.EIO"/>. On failure the sector is what it was, or the new one.</returns>
    public Errno TryWrite(ulong sector, ReadOnlySpan<byte> source)
    {
        Errno errno = Find(sector, source.Length, out BttArena? arena, out uint within);
        if (errno != Errno.None)
        {
            return errno;
        }

        int lane = LaneOfThread();
        lock (_lanes[lane])
        {
            return arena!.TryWrite(lane, within, source);
        }
    }

    /// <summary>Makes a sector read as zeros; durable when it returns.</summary>
    public Errno TryZero(ulong sector)
    {
        Errno errno = Find(sector, (int)SectorBytes, out BttArena? arena, out uint within);
        return errno == Errno.None ? arena!.TryMark(within, isError: false) : errno;
    }

    /// <summary>Makes a sector unreadable until it is written, as firmware does that knows it lost its bytes.</summary>
    public Errno TryMarkLost(ulong sector)
    {
        Errno errno = Find(sector, (int)SectorBytes, out BttArena? arena, out uint within);
        return errno == Errno.None ? arena!.TryMark(within, isError: true) : errno;
    }

    /// <summary>The name and the size.</summary>
    public override string ToString() => $"{Name} ({Sectors} sectors of {SectorBytes} bytes)";

    internal static Errno TryFindArenas(PersistentMemory medium, Guid parent, out List<BttArena> arenas, out string reason)
    {
        arenas = [];
        ulong at = 0;
        ulong previous = 0;
        while (true)
        {
            Errno errno = BttArena.TryFind(medium, at, parent, previous, out BttArena? arena, out reason);
            if (errno != Errno.None)
            {
                return errno;
            }

            BttInfoBlock first = arenas.Count == 0 ? arena!.Info : arenas[0].Info;
            if (arena!.Info.Uuid != first.Uuid || arena.Info.Layout.SectorBytes != first.Layout.SectorBytes)
            {
                reason = $"{medium.Name}: the arena at {at} is of another table than the first";
                return Errno.EUCLEAN;
            }

            arenas.Add(arena);
            previous = arena.Info.Layout.NextOffset;
            if (previous == 0)
            {
                return Errno.None;
            }

            at += previous;
        }
    }

    private Errno Find(ulong sector, int length, out BttArena? arena, out uint within)
    {
        arena = null;
        within = 0;
        if (length != (int)SectorBytes)
        {
            return Errno.EINVAL;
        }

        foreach (BttArena each in _arenas)
        {
            if (sector < each.Sectors)
            {
                arena = each;
                within = (uint)sector;
                return Errno.None;
            }

            sector -= each.Sectors;
        }

        return Errno.ENXIO;
    }

    private int LaneOfThread() => Environment.CurrentManagedThreadId % _lanes.Length;
}
