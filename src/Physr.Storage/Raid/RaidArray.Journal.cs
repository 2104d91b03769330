// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>The journal of RAID-5 and 6: what a write will put in place is on as many members as may be lost, and one more, before anything is put in place.</content>
public sealed partial class RaidArray
{
    private const int EventShift = 32;

    private ulong _sequence;

    /// <summary>Writes that a power cut had interrupted and that were put in place when the array was put together.</summary>
    public int ReplayedWrites { get; private set; }

    private ulong JournalEntry(int slot) => RaidLayout.JournalOffset + ((ulong)slot * _layout.SlotBytes);

    private async Step<BlockStatus> WriteJournal(StripeSlot slot, StripeWrite write)
    {
        // Later than anything an earlier run of the array wrote: each run begins with an event of its own.
        _sequence = Math.Max(_sequence + 1, _superblock.Event << EventShift);
        slot.Sequence = _sequence;
        ulong oldest = slot.Sequence;
        foreach (StripeSlot other in _pool.Slots)
        {
            oldest = other.Sequence != 0 ? Math.Min(oldest, other.Sequence) : oldest;
        }

        bool hasBytes = BitOperations.PopCount(write.Written) != Geometry.DataPositions;
        if (!TryMakeEntry(slot, write, oldest, hasBytes, out RangeListView entry))
        {
            return BlockStatus.Invalid;
        }

        int copies = 0;
        MemberWork work = new(Geometry.Parities + 1);
        for (int i = 0; i < Geometry.Members && copies <= Geometry.Parities; i++)
        {
            // Who is being rebuilt may be the next to go, and is not asked when the array is put together.
            RaidMember member = _members[(slot.Index + i) % Geometry.Members];
            if (member.State == RaidMemberState.InSync)
            {
                work.Start(member, BioOperation.Write, JournalEntry(slot.Index), entry, BioFlags.ForceUnitAccess);
                copies++;
            }
        }

        return await work ? BlockStatus.Ok : FailWriters(work);
    }

    /// <summary>An entry as one list: the header, the bytes where they are, the parity.</summary>
    private bool TryMakeEntry(StripeSlot slot, StripeWrite write, ulong oldest, bool hasBytes, out RangeListView entry)
    {
        using RangeListBuilder list = RangeListBuilder.Rent();
        list.Append(slot.HeaderRange);
        uint checksum = uint.MaxValue;
        Errno errno = Errno.None;
        for (int position = 0; hasBytes && position < Geometry.Members; position++)
        {
            bool isData = position < Geometry.DataPositions;
            if (!isData || (write.Written & (1U << position)) != 0)
            {
                RangeListView bytes = isData ? write.Sources[position] : slot.ColumnRange(position);
                list.Append(bytes);
                errno = errno == Errno.None ? HostMemory.TryChecksum(_host.Bytes, bytes, ref checksum) : errno;
            }
        }

        new RaidJournalRecord(slot.Sequence, oldest, write.Row, write.Low, write.Length, write.Written, hasBytes, checksum).Write(slot.Header, Id);
        entry = list.Build().All;
        return errno == Errno.None;
    }

    /// <summary>Puts in place, once more, what may not have got there before a power cut: every entry that was under way, in the order in which they were written.</summary>
    private async Step<BlockStatus> PlayJournal()
    {
        SortedDictionary<ulong, (RaidMember Member, int Slot, RaidJournalRecord Record)> entries = [];
        foreach (RaidMember member in _members)
        {
            for (int index = 0; index < _layout.Slots && member.State == RaidMemberState.InSync; index++)
            {
                if (await ReadEntry(_pool.Slots[0], member, index) is { } record)
                {
                    entries.TryAdd(record.Sequence, (member, index, record));
                }
            }
        }

        // A row has one writer at a time: of what a later entry says of the same row, the earlier one is in place.
        ulong oldest = entries.Count != 0 ? entries.Values.Last().Record.Oldest : 0;
        Dictionary<ulong, ulong> last = [];
        foreach (RaidJournalRecord record in entries.Values.Select(static entry => entry.Record))
        {
            last[record.Row] = record.Sequence;
        }

        foreach ((RaidMember member, int index, RaidJournalRecord known) in entries.Values.ToArray())
        {
            if (known.Sequence < oldest || last[known.Row] != known.Sequence)
            {
                continue;
            }

            BlockStatus status = await ReadEntry(_pool.Slots[0], member, index) is { } record ? await PutInPlace(_pool.Slots[0], record) : BlockStatus.Medium;
            if (status != BlockStatus.Ok)
            {
                return status;
            }

            ReplayedWrites++;
        }

        return BlockStatus.Ok;
    }

    /// <summary>Reads an entry, its bytes into the columns; null where there is no whole one.</summary>
    private async Step<RaidJournalRecord?> ReadEntry(StripeSlot slot, RaidMember member, int index)
    {
        MemberWork header = new(1);
        header.Start(member, BioOperation.Read, JournalEntry(index), slot.HeaderRange);
        if (!await header || !RaidJournalRecord.TryRead(slot.Header, Id, Geometry, _layout, out RaidJournalRecord record))
        {
            return null;
        }

        if (!record.HasBytes)
        {
            return record;
        }

        slot.Use(record.Length);
        uint checksum = uint.MaxValue;
        ulong at = JournalEntry(index) + RaidLayout.BlockBytes;
        MemberWork bytes = new(Geometry.Members);
        for (int position = 0; position < Geometry.Members; position++)
        {
            if (position >= Geometry.DataPositions || (record.Written & (1U << position)) != 0)
            {
                bytes.Start(member, BioOperation.Read, at, slot.ColumnRange(position), BioFlags.None, position);
                at += record.Length;
            }
        }

        if (!await bytes)
        {
            return null;
        }

        for (int i = 0; i < bytes.Count; i++)
        {
            checksum = Crc32C.Of(slot.Column(bytes[i].Tag), checksum);
        }

        return checksum == record.PayloadChecksum ? record : null;
    }

    private async Step<BlockStatus> PutInPlace(StripeSlot slot, RaidJournalRecord record)
    {
        slot.Use(record.Length);
        uint written = record.Written | (~0U << Geometry.DataPositions);
        if (!record.HasBytes)
        {
            // Parity that nobody trusts: from the data; a lost chunk of data becomes whatever the first parity makes of it.
            BlockStatus status = await LoadRow(slot, record.Row, record.Low, record.Length);
            if (status != BlockStatus.Ok)
            {
                return status;
            }

            ParityRecovery.Generate(slot, Geometry.DataPositions, Geometry.Parities);
            written = ~0U << Geometry.DataPositions;
        }

        MemberWork work = new(Geometry.Members);
        ulong offset = (record.Row * Geometry.ChunkBytes) + record.Low;
        for (int position = 0; position < Geometry.Members; position++)
        {
            RaidMember member = _members[Geometry.MemberAt(record.Row, position)];
            if (member.IsWritable && (written & (1U << position)) != 0)
            {
                work.Start(member, BioOperation.Write, _layout.DataOffset + offset, slot.ColumnRange(position), BioFlags.ForceUnitAccess);
            }
        }

        return await work ? BlockStatus.Ok : FailWriters(work);
    }
}
