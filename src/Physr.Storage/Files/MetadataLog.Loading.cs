// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Files;

internal sealed partial class MetadataLog
{
    /// <summary>Reads the metadata and checks all of it; stores nothing.</summary>
    /// <param name="device">The device.</param>
    /// <param name="superblock">Where the areas are.</param>
    /// <param name="state">What the metadata says.</param>
    /// <param name="log">Goes on from there.</param>
    /// <param name="reason">What is wrong, and where on the device.</param>
    public static Errno TryLoad(IDaxDevice device, Superblock superblock, out MetadataState? state, out MetadataLog? log, out string reason)
    {
        state = null;
        log = null;
        Errno errno = TryChoose(device, superblock, out int area, out AreaHeader header, out ulong? supersedes, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        ulong start = superblock.AreaAt(area);
        byte[] bytes = new byte[superblock.AreaBytes];
        errno = Read(device, start, bytes, out List<int> lost);
        if (errno != Errno.None)
        {
            reason = $"metadata area {area} at byte {start} cannot be read";
            return errno;
        }

        int end = AreaHeader.Bytes + (int)header.CheckpointBytes;
        if (IsLost(lost, 0, end))
        {
            reason = $"the checkpoint at bytes {start} to {start + (ulong)end} is lost in part";
            return Errno.EIO;
        }

        ReadOnlySpan<byte> checkpoint = bytes.AsSpan(AreaHeader.Bytes, (int)header.CheckpointBytes);
        uint crc = Checksum.Of(checkpoint, Seed(superblock.Id, header.Generation));
        if (crc != header.CheckpointCrc)
        {
            reason = $"the checkpoint at byte {start} has a checksum of {crc:x}, not {header.CheckpointCrc:x}";
            return Errno.EUCLEAN;
        }

        MetadataState loading = new(superblock);
        if (!loading.TryApply(checkpoint, true, out reason))
        {
            reason = $"the checkpoint at byte {start}: {reason}";
            return Errno.EUCLEAN;
        }

        if (header.NextId < loading.NextId || header.NextId > MetadataState.MostId)
        {
            reason = $"the header at byte {start} says that {header.NextId} is the next file's number: from {loading.NextId} to {MetadataState.MostId} would be right";
            return Errno.EUCLEAN;
        }

        loading.NextId = header.NextId;
        MetadataLog loaded = new(device, superblock) { _area = area, _generation = header.Generation, _tail = (ulong)end, _supersedes = supersedes };
        errno = loaded.Replay(bytes, lost, loading, out reason);
        state = loading;
        log = loaded;
        return errno;
    }

    /// <summary>Finds the area that counts.</summary>
    private static Errno TryChoose(IDaxDevice device, Superblock superblock, out int area, out AreaHeader header, out ulong? supersedes, out string reason)
    {
        Span<byte> line = stackalloc byte[AreaHeader.Bytes];
        Span<AreaHeader> headers = stackalloc AreaHeader[2];
        Span<bool> isWhole = stackalloc bool[2];
        Span<bool> counts = stackalloc bool[2];
        (area, header, supersedes, reason) = (0, default, null, "");
        for (int i = 0; i < 2; i++)
        {
            ulong at = superblock.AreaAt(i);
            Errno errno = device.TryRead(at, line);
            if (errno != Errno.None)
            {
                reason = $"the header of metadata area {i} at byte {at} is lost: nobody knows which area is the newer";
                return errno;
            }

            isWhole[i] = AreaHeader.TryParse(line, superblock, out headers[i]);
            counts[i] = isWhole[i] && !headers[i].IsSuperseded;
        }

        area = counts[0] && !(counts[1] && headers[1].Generation > headers[0].Generation) ? 0 : 1;
        header = headers[area];
        AreaHeader other = headers[1 - area];
        if (!counts[area])
        {
            reason = $"neither metadata area, at bytes {superblock.AreaAt(0)} and {superblock.AreaAt(1)}, has the header of one that counts";
            return Errno.EUCLEAN;
        }

        if (isWhole[1 - area] && other.Generation + 1 != header.Generation)
        {
            reason = $"metadata area {area} at byte {superblock.AreaAt(area)} is of generation {header.Generation}, and the other of {other.Generation}";
            return Errno.EUCLEAN;
        }

        supersedes = counts[1 - area] ? other.Generation : null;
        return Errno.None;
    }

    /// <summary>Reads bytes, lost ones as zeros.</summary>
    private static Errno Read(IDaxDevice device, ulong at, Span<byte> bytes, out List<int> lost)
    {
        const int Block = (int)MediaErrors.BlockBytes;
        lost = [];
        Errno errno = device.TryRead(at, bytes);
        if (errno != Errno.EIO)
        {
            return errno;
        }

        for (int done = 0; done < bytes.Length; done += Block)
        {
            errno = device.TryRead(at + (ulong)done, bytes.Slice(done, Block));
            if (errno == Errno.EIO)
            {
                bytes.Slice(done, Block).Clear();
                lost.Add(done);
            }
            else if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    private static bool IsLost(List<int> lost, int from, int to) => lost.Exists(at => at < to && at + (int)MediaErrors.BlockBytes > from);

    private Errno Replay(byte[] bytes, List<int> lost, MetadataState state, out string reason)
    {
        reason = "";
        for (; _tail + RecordHeader < (ulong)bytes.Length; _index++)
        {
            int at = (int)_tail;
            if (IsLost(lost, at, at + RecordHeader))
            {
                reason = $"metadata record {_index} at byte {Tail} is lost, or there is none";
                return Errno.EIO;
            }

            if (!IsRecord(bytes.AsSpan(at), _index, out int length))
            {
                if (length != 0 && IsLost(lost, at, at + RecordHeader + length))
                {
                    reason = $"metadata record {_index} at byte {Tail} is lost in part";
                    return Errno.EIO;
                }

                break;
            }

            if (!state.TryApply(bytes.AsSpan(at + RecordHeader, length), false, out reason))
            {
                reason = $"metadata record {_index} at byte {Tail}: {reason}";
                return Errno.EUCLEAN;
            }

            _tail += (ulong)(RecordHeader + length);
        }

        // A record is stored when the one before is durable: one behind what is no record means that this is damage and not an operation that was cut.
        for (int at = (int)_tail + 8; at + RecordHeader < bytes.Length; at += 8)
        {
            ulong index = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at + 8));
            if (index > _index && index - _index < (ulong)bytes.Length && IsRecord(bytes.AsSpan(at), index, out _))
            {
                bool isLost = IsLost(lost, (int)_tail, at);
                reason = $"metadata record {_index} at byte {Tail} is {(isLost ? "lost" : "damaged")}, for record {index} behind it is whole";
                return isLost ? Errno.EIO : Errno.EUCLEAN;
            }
        }

        return Errno.None;
    }

    /// <summary>Whether a record is there whole.</summary>
    /// <param name="bytes">From where it would begin.</param>
    /// <param name="index">Which it would be.</param>
    /// <param name="length">Bytes of its entries, as its header says, whole or not; 0 where there is no header of that record.</param>
    private bool IsRecord(ReadOnlySpan<byte> bytes, ulong index, out int length)
    {
        uint entries = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        bool isHeader = entries != 0 && entries % 8 == 0 && entries <= (uint)(bytes.Length - RecordHeader) && BinaryPrimitives.ReadUInt64LittleEndian(bytes[8..]) == index;
        length = isHeader ? (int)entries : 0;
        return isHeader && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == RecordCrc(bytes[..(RecordHeader + length)], Seed(_superblock.Id, _generation));
    }
}
