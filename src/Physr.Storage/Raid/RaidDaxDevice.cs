// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <summary>An array of members that are memory, as memory. Nothing of it needs a page descriptor.</summary>
/// <remarks>
/// <para>Stores: RAID-0 passes them on. Mirrors store to every copy in turn, by aligned units of 8 bytes; after a power cut the copies of a unit may differ, the array always gives the
/// first copy's value until they agree, and makes the others agree with it: either the old value or the new, and never another. RAID-5 and 6 write whole blocks through the journal:
/// a store is durable when it returns, and blocks are old or new as a whole.</para>
/// <para>Readers of an array in sync do not wait for each other; everything else takes turns.</para>
/// </remarks>
internal sealed partial class RaidDaxDevice(RaidArray array) : IDaxDevice
{
    private readonly RaidGeometry _geometry = array.Geometry;
    private readonly ulong _dataOffset = array.DataOffset;

    /// <inheritdoc/>
    public string Name => array.Name;

    /// <inheritdoc/>
    public ulong Length => _geometry.ArrayBytes;

    /// <inheritdoc/>
    public bool IsReadOnly => false;

    /// <inheritdoc/>
    public PersistenceGranularity Granularity => array.Roles.Max(static member => member.Device?.Dax?.Granularity ?? PersistenceGranularity.Store);

    /// <inheritdoc/>
    public Errno TryRead(ulong offset, Span<byte> destination)
    {
        if (offset > Length || (ulong)destination.Length > Length - offset)
        {
            return Errno.ENXIO;
        }

        while (!destination.IsEmpty)
        {
            RaidLocation at = Find(offset, (ulong)destination.Length);
            Span<byte> part = destination[..(int)Math.Min(at.Length, (ulong)destination.Length)];
            RaidMember? member = at.Member >= 0 ? array.Roles[at.Member] : null;
            if (member is null || member.Device!.Dax!.TryRead(_dataOffset + at.Offset, part) != Errno.None)
            {
                // Through the array, which knows where else the bytes are, and mends them.
                part = part[..(int)Math.Min((ulong)part.Length, RaidLayout.MaxSegmentBytes / 2)];
                Errno errno = ReadBlocks(offset, part);
                if (errno != Errno.None)
                {
                    return errno;
                }
            }

            destination = destination[part.Length..];
            offset += (ulong)part.Length;
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        if (offset > Length || (ulong)source.Length > Length - offset)
        {
            return Errno.ENXIO;
        }

        if (_geometry.Parities == 0)
        {
            return source.IsEmpty ? Errno.None : WriteCopies(offset, source);
        }

        while (!source.IsEmpty)
        {
            int length = Math.Min(source.Length, (int)RaidLayout.MaxSegmentBytes / 2);
            Errno errno = WriteBlocks(offset, source[..length]);
            if (errno != Errno.None)
            {
                return errno;
            }

            source = source[length..];
            offset += (ulong)length;
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    public Errno TryFlush(ulong offset, ulong length)
    {
        if (offset > Length || length > Length - offset)
        {
            return Errno.ENXIO;
        }

        Errno errno = Errno.None;
        for (ulong done = 0; done < length && errno == Errno.None && _geometry.Parities == 0;)
        {
            ulong run = Math.Min(_geometry.Locate(offset + done).Length, length - done);
            for (int copy = 0; copy < _geometry.Copies && errno == Errno.None; copy++)
            {
                RaidLocation at = _geometry.Locate(offset + done, copy);
                RaidMember member = array.Roles[at.Member];
                errno = member.IsWritable ? member.Device!.Dax!.TryFlush(_dataOffset + at.Offset, run) : Errno.None;
            }

            done += run;
        }

        return errno;
    }

    /// <inheritdoc/>
    public Errno TryFence()
    {
        Errno errno = Errno.None;
        foreach (RaidMember member in array.Roles)
        {
            Errno fenced = member.IsWritable ? member.Device!.Dax!.TryFence() : Errno.None;
            errno = errno == Errno.None ? fenced : errno;
        }

        return errno;
    }

    /// <inheritdoc/>
    public Errno TryClearErrors(ulong offset, ulong length, out ulong cleared)
    {
        cleared = 0;
        if (offset > Length || length > Length - offset)
        {
            return Errno.ENXIO;
        }

        if (TryDirectAccess(offset, length, DirectAccess.Read))
        {
            return Errno.None;
        }

        ulong end = Alignment.Down(offset + length, MediaErrors.BlockBytes);
        Span<byte> block = stackalloc byte[(int)MediaErrors.BlockBytes];
        for (ulong at = Alignment.Up(offset, MediaErrors.BlockBytes); at < end; at += MediaErrors.BlockBytes)
        {
            // What the others still have comes back by being read.
            if (TryDirectAccess(at, MediaErrors.BlockBytes, DirectAccess.Read) || (_geometry.Tolerates != 0 && TryRead(at, block) == Errno.None))
            {
                continue;
            }

            lock (array.Gate)
            {
                BlockStatus status = array.Execute(new(BioOperation.WriteZeroes, at >> Bio.SectorShift, MediaErrors.BlockBytes >> Bio.SectorShift));
                if (status != BlockStatus.Ok)
                {
                    return Errno.EIO;
                }
            }

            cleared += MediaErrors.BlockBytes;
        }

        return Errno.None;
    }

    /// <summary>The run of bytes from an offset on, on a member that holds them; member -1 where none does.</summary>
    private RaidLocation Find(ulong offset, ulong length)
    {
        for (int copy = 0; copy < _geometry.Copies; copy++)
        {
            RaidLocation at = _geometry.Locate(offset, copy);
            if (array.Roles[at.Member].Holds(at.Offset, Math.Min(at.Length, length)))
            {
                return at;
            }
        }

        return new(-1, 0, _geometry.Locate(offset).Length);
    }

    private Errno WriteCopies(ulong offset, ReadOnlySpan<byte> source)
    {
        lock (array.Gate)
        {
            Errno errno = _geometry.Copies > 1 ? array.PrepareStores(offset, (ulong)source.Length) : Errno.None;
            while (errno == Errno.None && !source.IsEmpty)
            {
                int length = (int)Math.Min(_geometry.Locate(offset).Length, (ulong)source.Length);
                int reached = 0;
                for (int copy = 0; copy < _geometry.Copies; copy++)
                {
                    RaidLocation at = _geometry.Locate(offset, copy);
                    RaidMember member = array.Roles[at.Member];
                    Errno stored = member.IsWritable ? member.Device!.Dax!.TryWrite(_dataOffset + at.Offset, source[..length]) : Errno.None;
                    if (stored != Errno.None)
                    {
                        array.ReportFailedStore(member, stored);
                    }

                    reached += member.IsWritable && stored == Errno.None ? 1 : 0;
                }

                errno = reached != 0 ? Errno.None : Errno.EIO;
                source = source[length..];
                offset += (ulong)length;
            }

            return errno;
        }
    }

    private Errno ReadBlocks(ulong offset, Span<byte> destination)
    {
        lock (array.Gate)
        {
            (ulong start, RangeListView memory) = Around(offset, destination.Length);
            BlockStatus status = array.Execute(new(BioOperation.Read, start >> Bio.SectorShift, memory));
            if (status != BlockStatus.Ok)
            {
                return Errno.EIO;
            }

            array.Pool.ThroughBytes(memory.Length).Slice((int)(offset - start), destination.Length).CopyTo(destination);
            return Errno.None;
        }
    }

    private Errno WriteBlocks(ulong offset, ReadOnlySpan<byte> source)
    {
        lock (array.Gate)
        {
            (ulong start, RangeListView memory) = Around(offset, source.Length);
            bool isWhole = start == offset && memory.Length == (ulong)source.Length;
            if (!isWhole && array.Execute(new(BioOperation.Read, start >> Bio.SectorShift, memory)) != BlockStatus.Ok)
            {
                return Errno.EIO;
            }

            source.CopyTo(array.Pool.ThroughBytes(memory.Length)[(int)(offset - start)..]);
            return array.Execute(new(BioOperation.Write, start >> Bio.SectorShift, memory)) == BlockStatus.Ok ? Errno.None : Errno.EIO;
        }
    }

    /// <summary>The whole blocks around bytes, and memory for them.</summary>
    private (ulong Start, RangeListView Memory) Around(ulong offset, int length)
    {
        ulong start = Alignment.Down(offset, array.Limits.LogicalBlockBytes);
        return (start, array.Pool.Through(Alignment.Up(offset + (ulong)length, array.Limits.LogicalBlockBytes) - start));
    }
}
