// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>Writes of RAID-5 and 6. A write is cut into pieces of rows in which each data chunk is written from end to end or not at all.</content>
public sealed partial class RaidArray
{
    private void StartColumns(Bio bio, List<Step<BlockStatus>> pieces)
    {
        ulong start = bio.Sector << Bio.SectorShift;
        ulong end = start + bio.Bytes;
        ulong chunk = Geometry.ChunkBytes;
        for (ulong row = start / Geometry.RowBytes; row * Geometry.RowBytes < end; row++)
        {
            ulong from = Math.Max(start, row * Geometry.RowBytes) - (row * Geometry.RowBytes);
            ulong to = Math.Min(end, (row + 1) * Geometry.RowBytes) - (row * Geometry.RowBytes);
            int first = (int)(from / chunk);
            int last = (int)((to - 1) / chunk);
            uint begin = (uint)(from % chunk);
            uint stop = (uint)(((to - 1) % chunk) + 1);
            ReadOnlySpan<uint> cuts = first == last ? [begin, stop] : [0, Math.Min(begin, stop), Math.Max(begin, stop), (uint)chunk];
            for (int i = 0; i + 1 < cuts.Length; i++)
            {
                uint written = 0;
                for (int position = first; position <= last; position++)
                {
                    bool isWritten = (position != first || cuts[i] >= begin) && (position != last || cuts[i + 1] <= stop);
                    written |= isWritten ? 1U << position : 0;
                }

                for (uint low = cuts[i]; written != 0 && low < cuts[i + 1];)
                {
                    uint length = Math.Min(cuts[i + 1], SegmentEnd(low)) - low;
                    pieces.Add(WriteColumns(bio, row, low, length, written));
                    low += length;
                }
            }
        }
    }

    private uint SegmentEnd(uint low) => (uint)Alignment.Up(low + 1, _layout.SegmentBytes);

    /// <summary>Writes a piece of a row.</summary>
    /// <param name="bio">Where the bytes come from.</param>
    /// <param name="row">The row.</param>
    /// <param name="low">The first byte within each chunk.</param>
    /// <param name="length">Bytes of each chunk.</param>
    /// <param name="written">A bit for each data position that is written.</param>
    private async Step<BlockStatus> WriteColumns(Bio bio, ulong row, uint low, uint length, uint written)
    {
        await _locks.Enter(row);
        StripeSlot slot = await _pool.Take();
        try
        {
            await MarkDirty();
            slot.Use(length);
            StripeWrite write = new(row, low, length, written, SourcesOf(bio, row, low, length, written));
            BlockStatus status = State == RaidState.Failed ? BlockStatus.IoError : await MakeParity(slot, write);
            status = status == BlockStatus.Ok && IsProtected ? await WriteJournal(slot, write) : status;
            status = status == BlockStatus.Ok ? await WriteInPlace(slot, write) : status;
            await _metadata.Settle();
            return status;
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(row);
        }
    }

    private RangeListView[] SourcesOf(Bio bio, ulong row, uint low, uint length, uint written)
    {
        RangeListView[] sources = new RangeListView[Geometry.DataPositions];
        for (int position = 0; position < sources.Length; position++)
        {
            if ((written & (1U << position)) != 0)
            {
                ulong offset = (row * Geometry.RowBytes) + ((ulong)position * Geometry.ChunkBytes) + low;
                sources[position] = bio.Operation == BioOperation.Write ? bio.Data.Slice(offset - (bio.Sector << Bio.SectorShift), length) : _pool.Zeros.Slice(0, length);
            }
        }

        return sources;
    }

    /// <summary>Computes the parity a row will have, from as few reads as will do: of what is overwritten and the old parity, or of what is not overwritten.</summary>
    private async Step<BlockStatus> MakeParity(StripeSlot slot, StripeWrite write)
    {
        uint all = (1U << Geometry.DataPositions) - 1;
        uint unwritten = all & ~write.Written;
        if (unwritten == 0)
        {
            return Generate(slot, write);
        }

        bool hasParity = false;
        bool isUpdatable = IsSynced(write.Offset(Geometry), write.Length);
        bool isRestComplete = true;
        for (int position = 0; position < Geometry.Members; position++)
        {
            RaidMember member = _members[Geometry.MemberAt(write.Row, position)];
            bool holds = member.Holds(write.Offset(Geometry), write.Length);
            bool isParity = position >= Geometry.DataPositions;
            bool isRest = (unwritten & (1U << position)) != 0;
            hasParity |= isParity && member.IsWritable;
            isRestComplete &= holds || !isRest;
            isUpdatable &= holds || isRest;
        }

        if (!hasParity)
        {
            return BlockStatus.Ok;
        }

        int reads = BitOperations.PopCount(write.Written) + Geometry.Parities;
        if (isUpdatable && (reads < BitOperations.PopCount(unwritten) || !isRestComplete))
        {
            uint parity = ~0U << Geometry.DataPositions & ((1U << Geometry.Members) - 1);
            if (await ReadColumns(slot, write, write.Written | parity))
            {
                return Update(slot, write);
            }
        }
        else if (isRestComplete && await ReadColumns(slot, write, unwritten))
        {
            return Generate(slot, write);
        }

        BlockStatus status = await LoadRow(slot, write.Row, write.Low, write.Length);
        return status == BlockStatus.Ok ? Generate(slot, write) : status;
    }

    private async Step<bool> ReadColumns(StripeSlot slot, StripeWrite write, uint positions)
    {
        MemberWork work = new(Geometry.Members);
        for (int position = 0; position < Geometry.Members; position++)
        {
            if ((positions & (1U << position)) != 0)
            {
                work.Start(_members[Geometry.MemberAt(write.Row, position)], BioOperation.Read, _layout.DataOffset + write.Offset(Geometry), slot.ColumnRange(position));
            }
        }

        return await work;
    }

    /// <summary>New parity from all data: what is written, and what the columns hold of the rest.</summary>
    private BlockStatus Generate(StripeSlot slot, StripeWrite write)
    {
        RangeListView[] sources = new RangeListView[Geometry.DataPositions];
        for (int position = 0; position < sources.Length; position++)
        {
            sources[position] = (write.Written & (1U << position)) != 0 ? write.Sources[position] : slot.ColumnRange(position);
        }

        Span<byte> q = Geometry.Parities > 1 ? slot.Column(Geometry.DataPositions + 1) : default;
        return HostMemory.TryGenerate(_host.Bytes, sources, slot.Column(Geometry.DataPositions), q) == Errno.None ? BlockStatus.Ok : BlockStatus.Invalid;
    }

    /// <summary>New parity from the old one: what changed is added to P, and weighted to Q.</summary>
    private BlockStatus Update(StripeSlot slot, StripeWrite write)
    {
        for (int position = 0; position < Geometry.DataPositions; position++)
        {
            if ((write.Written & (1U << position)) == 0)
            {
                continue;
            }

            Span<byte> change = slot.Column(position);
            if (HostMemory.TryAddProduct(_host.Bytes, write.Sources[position], change, 1) != Errno.None)
            {
                return BlockStatus.Invalid;
            }

            ParityKernels.Add(slot.Column(Geometry.DataPositions), change);
            if (Geometry.Parities > 1)
            {
                ParityKernels.AddProduct(slot.Column(Geometry.DataPositions + 1), change, GaloisField.Power(position));
            }
        }

        return BlockStatus.Ok;
    }

    private async Step<BlockStatus> WriteInPlace(StripeSlot slot, StripeWrite write)
    {
        uint left = write.Written | (~0U << Geometry.DataPositions & ((1U << Geometry.Members) - 1));
        BlockStatus status = BlockStatus.Ok;
        for (int attempt = 0; left != 0; attempt++)
        {
            MemberWork work = new(Geometry.Members);
            for (int position = 0; position < Geometry.Members; position++)
            {
                RaidMember member = _members[Geometry.MemberAt(write.Row, position)];
                if (member.IsWritable && (left & (1U << position)) != 0)
                {
                    RangeListView from = position < Geometry.DataPositions ? write.Sources[position] : slot.ColumnRange(position);
                    work.Start(member, BioOperation.Write, _layout.DataOffset + write.Offset(Geometry), from, BioFlags.ForceUnitAccess, position);
                }
            }

            left = 0;
            if (!await work)
            {
                BlockStatus ended = FailWriters(work, mustAgree: true, attempt < Limits.Retries, ref left);
                status = status == BlockStatus.Ok ? ended : status;
            }
        }

        return status;
    }
}
