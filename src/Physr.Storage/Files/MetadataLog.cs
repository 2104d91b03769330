// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Files;

/// <summary>The metadata on the device: a checkpoint and records behind it in one of two areas. When the area is full, a new checkpoint goes to the other, which takes over.</summary>
/// <remarks><para>A record is CRC32C (32 bits), bytes of its entries (32), its number in the area (64), entries. The CRC covers the area's generation too, so that what an area held
/// before is not taken for records. A record is an operation: it counts when it is there whole, which a cut decides.</para>
/// <para>It is one store, one flush and one fence.</para></remarks>
internal sealed partial class MetadataLog
{
    public const int RecordHeader = 16;
    private readonly IDaxDevice _device;
    private readonly Superblock _superblock;
    private int _area;
    private ulong _generation;
    private ulong _tail;
    private ulong _index;
    private ulong? _supersedes;

    private MetadataLog(IDaxDevice device, Superblock superblock)
    {
        _device = device;
        _superblock = superblock;
    }

    /// <summary>Where the next record goes, in bytes of the device.</summary>
    public ulong Tail => _superblock.AreaAt(_area) + _tail;

    /// <summary>The most that a checkpoint takes: half an area. A record never takes more than the other half: what it adds has to fit into a checkpoint too.</summary>
    public static ulong MostCheckpointBytes(Superblock superblock) => (superblock.AreaBytes - AreaHeader.Bytes) / 2;

    /// <summary>Makes an operation durable.</summary>
    /// <param name="record">Its entries, with room for the header.</param>
    /// <param name="state">What is true without it.</param>
    /// <returns>After any failure nobody knows what the device holds.</returns>
    public Errno TryAppend(EntryWriter record, MetadataState state)
    {
        Errno errno = _supersedes is { } generation ? Supersede(1 - _area, generation) : Errno.None;
        if (errno == Errno.None && (ulong)record.All.Length > _superblock.AreaBytes - _tail)
        {
            errno = Checkpoint(state);
        }

        if (errno != Errno.None)
        {
            return errno;
        }

        BinaryPrimitives.WriteUInt32LittleEndian(record.All[4..], (uint)record.Entries.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(record.All[8..], _index);
        BinaryPrimitives.WriteUInt32LittleEndian(record.All, RecordCrc(record.All, Seed(_superblock.Id, _generation)));
        errno = Persist(Tail, record.All);
        _tail += (ulong)record.All.Length;
        _index++;
        return errno;
    }

    /// <summary>Writes the areas of a new store: the first counts and is empty.</summary>
    public static Errno TryFormat(IDaxDevice device, Superblock superblock)
    {
        MetadataLog log = new(device, superblock) { _area = 1 };
        byte[] none = new byte[Superblock.BlockBytes];
        Errno errno = Errno.None;
        for (ulong at = superblock.AreaAt(0); errno == Errno.None && at < superblock.AreaAt(2); at += Superblock.BlockBytes)
        {
            errno = log.Persist(at, none);
        }

        return errno == Errno.None ? log.Switch(new EntryWriter(AreaHeader.Bytes), 1) : errno;
    }

    private static uint RecordCrc(ReadOnlySpan<byte> record, ulong seed) => Checksum.Of(record[8..], seed ^ BinaryPrimitives.ReadUInt32LittleEndian(record[4..]));

    /// <summary>What the checksums of a generation begin with.</summary>
    internal static ulong Seed(ulong storeId, ulong generation) => (storeId * 0xD6E8_FEB8_6659_FD93) ^ (generation * 0x9E37_79B9_7F4A_7C15);

    private Errno Checkpoint(MetadataState state)
    {
        EntryWriter writer = new(AreaHeader.Bytes);
        state.Save(writer);
        ulong old = _generation;
        Errno errno = Switch(writer, state.NextId);
        return errno == Errno.None ? Supersede(1 - _area, old) : errno;
    }

    /// <summary>Writes a checkpoint to the other area and makes it count.</summary>
    private Errno Switch(EntryWriter writer, ulong nextId)
    {
        int area = 1 - _area;
        ulong generation = _generation + 1;
        AreaHeader header = new(generation, (ulong)writer.Entries.Length, Checksum.Of(writer.Entries, Seed(_superblock.Id, generation)), nextId, _superblock.Id, false);
        header.Write(writer.All);
        ulong at = _superblock.AreaAt(area);
        Errno errno = Persist(at, writer.All);
        errno = errno == Errno.None ? PersistState(at, generation) : errno;
        _area = area;
        _generation = generation;
        _tail = (ulong)writer.All.Length;
        _index = 0;
        return errno;
    }

    /// <summary>Says in an area that the other has taken over: were the other's header damaged, this one would pass for the newest.</summary>
    private Errno Supersede(int area, ulong generation)
    {
        _supersedes = null;
        return PersistState(_superblock.AreaAt(area), ~generation);
    }

    private Errno PersistState(ulong area, ulong state)
    {
        Span<byte> word = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(word, state);
        return Persist(area + AreaHeader.StateAt, word);
    }

    private Errno Persist(ulong at, ReadOnlySpan<byte> bytes)
    {
        Errno errno = _device.TryClearErrors(at, Alignment.Up(at + (ulong)bytes.Length, MediaErrors.BlockBytes) - at, out _);
        errno = errno == Errno.None ? _device.TryWrite(at, bytes) : errno;
        errno = errno == Errno.None ? _device.TryFlush(at, (ulong)bytes.Length) : errno;
        return errno == Errno.None ? _device.TryFence() : errno;
    }
}
