// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Block;

namespace Physr.Storage.Raid;

/// <content>Looks whether everything agrees.</content>
public sealed partial class RaidArray
{
    /// <summary>Reads everything and compares: copies with the first copy, parity with the data. Blocks that cannot be read are brought back on the way, as any read does.</summary>
    /// <param name="repair">Whether to make them agree: later copies are overwritten with the first, parity is computed from the data; on RAID-6 a single member that does not fit the
    /// others is corrected, be it data.</param>
    /// <param name="progress">Told after each piece; may be null.</param>
    public RaidScrubReport Scrub(bool repair, IProgress<RaidProgress>? progress = null)
    {
        lock (_gate)
        {
            List<RaidMismatch> found = [];
            long corrected = _members.Sum(static member => member.Corrected);
            ulong total = Geometry.Parities != 0 ? Geometry.MemberBytes : Geometry.ArrayBytes;
            ulong bad = 0;
            for (ulong at = 0; at < total && Geometry.Tolerates != 0;)
            {
                ulong length = _layout.SegmentBytes - (at % _layout.SegmentBytes);
                BlockStatus status = Await(Geometry.Parities != 0 ? ScrubColumn(at, repair, found) : ScrubCopies(at, repair, found), "scrub");
                bad += status == BlockStatus.Ok ? 0 : length;
                at += length;
                progress?.Report(new(Math.Min(at, total), total));
            }

            Await(_metadata.Settle(), "scrub");
            return new(found, _members.Sum(static member => member.Corrected) - corrected, Geometry.Tolerates != 0 ? total - bad : 0, bad);
        }
    }

    private async Step<BlockStatus> ScrubCopies(ulong at, bool repair, List<RaidMismatch> found)
    {
        ulong region = at / _bitmap!.RegionBytes;
        await _locks.Enter(region);
        StripeSlot slot = await _pool.Take();
        try
        {
            slot.Use(_layout.SegmentBytes);
            return await CompareCopies(slot, at, repair, found);
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(region);
        }
    }

    private async Step<BlockStatus> ScrubColumn(ulong at, bool repair, List<RaidMismatch> found)
    {
        ulong row = at / Geometry.ChunkBytes;
        await _locks.Enter(row);
        StripeSlot slot = await _pool.Take();
        try
        {
            slot.Use(_layout.SegmentBytes);
            int missing = _members.Count(member => !member.Holds(at, _layout.SegmentBytes));
            BlockStatus status = await LoadRow(slot, row, (uint)(at % Geometry.ChunkBytes), _layout.SegmentBytes);
            if (status != BlockStatus.Ok || missing >= Geometry.Parities)
            {
                // Nothing is left to compare with.
                return status;
            }

            uint wrong = missing == 0 ? FindWrong(slot, repair) : FindWrongParity(slot, row, at, repair);
            if (wrong == 0)
            {
                return BlockStatus.Ok;
            }

            bool isRepaired = repair;
            for (int position = 0; position < Geometry.Members && repair; position++)
            {
                RaidMember member = _members[Geometry.MemberAt(row, position)];
                if ((wrong & (1U << position)) != 0 && member.IsWritable)
                {
                    isRepaired &= await Overwrite(member, at, slot.ColumnRange(position));
                }
            }

            int suspect = Geometry.Parities > 1 && BitOperations.IsPow2(wrong) ? Geometry.MemberAt(row, BitOperations.TrailingZeroCount(wrong)) : -1;
            found.Add(new(at, _layout.SegmentBytes, suspect, isRepaired));
            return BlockStatus.Ok;
        }
        finally
        {
            _pool.Give(slot);
            _locks.Exit(row);
        }
    }

    /// <summary>Which positions do not fit the others, each with what it should hold in its column when it is asked for. All members are there.</summary>
    private uint FindWrong(StripeSlot slot, bool correct)
    {
        int data = Geometry.DataPositions;
        Span<byte> p = slot.Column(data);
        Span<byte> q = Geometry.Parities > 1 ? slot.Column(data + 1) : default;
        byte[] pError = p.ToArray();
        byte[] qError = q.ToArray();
        for (int position = 0; position < data; position++)
        {
            ParityKernels.Add(pError, slot.Column(position));
            if (!q.IsEmpty)
            {
                ParityKernels.AddProduct(qError, slot.Column(position), GaloisField.Power(position));
            }
        }

        uint wrong = (pError.AsSpan().ContainsAnyExcept((byte)0) ? 1U << data : 0) | (qError.AsSpan().ContainsAnyExcept((byte)0) ? 2U << data : 0);
        int suspect = BitOperations.PopCount(wrong) == 2 ? Suspect(pError, qError) : -1;
        if (suspect >= 0)
        {
            // One error e at position z shows as e in P and 2^z e in Q.
            wrong = 1U << suspect;
            if (correct)
            {
                ParityKernels.Add(slot.Column(suspect), pError);
            }
        }
        else if (wrong != 0 && correct)
        {
            ParityRecovery.Generate(slot, data, Geometry.Parities);
        }

        return wrong;
    }

    /// <summary>RAID-6 with one member gone: the row was put together with one parity, the other can be compared if it is there.</summary>
    private uint FindWrongParity(StripeSlot slot, ulong row, ulong at, bool correct)
    {
        int data = Geometry.DataPositions;
        byte[] before = [.. slot.Column(data), .. slot.Column(data + 1)];
        ParityRecovery.Generate(slot, data, Geometry.Parities);
        int length = slot.Column(data).Length;
        uint wrong = 0;
        for (int parity = 0; parity < Geometry.Parities; parity++)
        {
            bool differs = !before.AsSpan(parity * length, length).SequenceEqual(slot.Column(data + parity));
            bool isThere = _members[Geometry.MemberAt(row, data + parity)].Holds(at, (ulong)length);
            wrong |= differs && isThere ? 1U << (data + parity) : 0;
            if (differs && !correct)
            {
                before.AsSpan(parity * length, length).CopyTo(slot.Column(data + parity));
            }
        }

        return wrong;
    }

    /// <summary>The one data position whose error both parities show, at every byte; -1 where there is none.</summary>
    private int Suspect(byte[] pError, byte[] qError)
    {
        int suspect = -1;
        for (int i = 0; i < pError.Length; i++)
        {
            if ((pError[i] | qError[i]) == 0)
            {
                continue;
            }

            int here = pError[i] == 0 || qError[i] == 0 ? -1 : (GaloisField.Logarithm(qError[i]) - GaloisField.Logarithm(pError[i]) + 255) % 255;
            if (here < 0 || here >= Geometry.DataPositions || (suspect >= 0 && here != suspect))
            {
                return -1;
            }

            suspect = here;
        }

        return suspect;
    }
}
