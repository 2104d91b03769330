// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Btt;

/// <summary>One arena at work: sectors go to blocks through the map, a write goes to a free block, and the flog says what a power cut left half done.</summary>
/// <remarks>A lane owns one free block and is used by one thread at a time. Threads meet in three places: the map entry of a sector, which a lock guards; a block that one reads while another wants it
/// as its free block, which the table of reads guards; and nowhere else.</remarks>
internal sealed partial class BttArena
{
    private const uint Reading = 1U << 31;

    private readonly PersistentMemory _medium;
    private readonly ulong _start;
    private readonly BttLayout _layout;
    private readonly Lane[] _lanes;
    private readonly Lock[] _sectorLocks;

    // Which block each lane reads now: with the top bit, so that 0 is none.
    private readonly uint[] _reads;

    private BttArena(PersistentMemory medium, ulong start, BttInfoBlock info, bool isFromCopy)
    {
        _medium = medium;
        _start = start;
        _layout = info.Layout;
        Info = info;
        IsFromCopy = isFromCopy;
        _lanes = new Lane[_layout.FreeBlocks];
        _reads = new uint[_layout.FreeBlocks];
        _sectorLocks = new Lock[Math.Min(_layout.FreeBlocks, 256)];
        for (int i = 0; i < _sectorLocks.Length; i++)
        {
            _sectorLocks[i] = new();
        }
    }

    public BttInfoBlock Info { get; }

    /// <summary>Whether the info block in front was damaged and its copy stands in.</summary>
    public bool IsFromCopy { get; }

    public uint Sectors => _layout.Sectors;

    public int LaneCount => _lanes.Length;

    /// <summary>Writes finished when it was opened, for a power cut had left them half done.</summary>
    public int Finished { get; private set; }

    public bool IsReadOnly => Info.HasError || _medium.IsReadOnly;

    /// <summary>Reads a sector.</summary>
    public Errno TryRead(int lane, uint sector, Span<byte> destination)
    {
        Errno errno = TryReadMap(sector, out BttMapEntry entry);
        while (errno == Errno.None)
        {
            if (entry.IsZero)
            {
                destination.Clear();
                return Errno.None;
            }

            uint block = entry.BlockOf(sector);
            if (entry.IsError || block >= _layout.Blocks)
            {
                return Errno.EIO;
            }

            // Announce the block, then see whether it is still the sector's: from here on no writer takes it.
            Volatile.Write(ref _reads[lane], Reading | block);
            Interlocked.MemoryBarrier();
            errno = TryReadMap(sector, out BttMapEntry again);
            if (again == entry)
            {
                errno = errno == Errno.None ? _medium.TryRead(OffsetOf(block), destination) : errno;
                Volatile.Write(ref _reads[lane], 0);
                return errno;
            }

            Volatile.Write(ref _reads[lane], 0);
            entry = again;
        }

        return errno;
    }

    /// <summary>Writes a sector: after a power cut it is the old one or the new one; after this returns, the new one.</summary>
    public Errno TryWrite(int lane, uint sector, ReadOnlySpan<byte> source)
    {
        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        ref Lane mine = ref _lanes[lane];
        uint block = mine.Block;
        AwaitReaders(block);
        ulong at = OffsetOf(block);
        Errno errno = _medium.TryClearErrors(at, _layout.BlockBytes, out _);
        errno = errno == Errno.None ? _medium.TryWritePersistent(at, source) : errno;
        if (errno != Errno.None)
        {
            return errno;
        }

        lock (_sectorLocks[sector % (uint)_sectorLocks.Length])
        {
            errno = TryReadMap(sector, out BttMapEntry old);
            uint oldBlock = old.BlockOf(sector);
            errno = errno == Errno.None && oldBlock >= _layout.Blocks ? Errno.EIO : errno;
            errno = errno == Errno.None ? TryLog(lane, ref mine, new(sector, oldBlock, block, mine.Sequence, mine.Half)) : errno;
            errno = errno == Errno.None ? TryWriteMap(sector, BttMapEntry.Plain(block)) : errno;
            mine.Block = errno == Errno.None ? oldBlock : block;
            return errno;
        }
    }

    /// <summary>Makes a sector read as zeros, or as an error, without writing its block.</summary>
    public Errno TryMark(uint sector, bool isError)
    {
        if (IsReadOnly)
        {
            return Errno.EROFS;
        }

        lock (_sectorLocks[sector % (uint)_sectorLocks.Length])
        {
            Errno errno = TryReadMap(sector, out BttMapEntry old);
            uint block = old.BlockOf(sector);
            return errno != Errno.None ? errno
                : block >= _layout.Blocks ? Errno.EIO
                : TryWriteMap(sector, isError ? BttMapEntry.Error(block) : BttMapEntry.Zero(block));
        }
    }

    private Errno TryLog(int lane, ref Lane mine, BttFlogEntry entry)
    {
        Span<byte> bytes = stackalloc byte[BttFlogEntry.SizeBytes];
        entry.Format(bytes);
        Errno errno = _medium.TryWritePersistent(FlogOffsetOf(lane) + (ulong)(mine.Half * BttFlogEntry.SizeBytes), bytes);
        if (errno == Errno.None)
        {
            mine.Half = 1 - mine.Half;
            mine.Sequence = BttFlogEntry.After(mine.Sequence);
        }

        return errno;
    }

    private void AwaitReaders(uint block)
    {
        Interlocked.MemoryBarrier();
        for (int i = 0; i < _reads.Length; i++)
        {
            SpinWait wait = default;
            while (Volatile.Read(ref _reads[i]) == (Reading | block))
            {
                wait.SpinOnce();
            }
        }
    }

    private Errno TryReadMap(uint sector, out BttMapEntry entry)
    {
        Span<byte> bytes = stackalloc byte[(int)BttLayout.MapEntryBytes];
        Errno errno = _medium.TryRead(MapOffsetOf(sector), bytes);
        entry = errno == Errno.None ? new(BinaryPrimitives.ReadUInt32LittleEndian(bytes)) : default;
        return errno;
    }

    private Errno TryWriteMap(uint sector, BttMapEntry entry)
    {
        Span<byte> bytes = stackalloc byte[(int)BttLayout.MapEntryBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, entry.Raw);
        return _medium.TryWritePersistent(MapOffsetOf(sector), bytes);
    }

    private ulong OffsetOf(uint block) => _start + _layout.DataOffset + ((ulong)block * _layout.BlockBytes);

    private ulong MapOffsetOf(uint sector) => _start + _layout.MapOffset + ((ulong)sector * BttLayout.MapEntryBytes);

    private ulong FlogOffsetOf(int lane) => _start + _layout.FlogOffset + ((ulong)lane * BttLayout.FlogGroupBytes);

    /// <summary>What a lane writes next: into which block, and where it says so.</summary>
    private struct Lane
    {
        public uint Block;
        public uint Sequence;
        public int Half;
    }
}
