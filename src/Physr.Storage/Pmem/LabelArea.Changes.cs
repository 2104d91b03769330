// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <content>Changes: each is there whole or not at all after a power cut.</content>
public sealed partial class LabelArea
{
    /// <summary>Makes an area without labels.</summary>
    /// <param name="force">Whether to do so over whatever lies there: labels are lost. Without it only <see cref="LabelAreaState.Blank"/> areas are touched.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.EEXIST"/> over labels, <see cref="Errno.EUCLEAN"/> over something damaged; the medium's own errors.</returns>
    internal Errno TryInitialize(bool force, out string reason)
    {
        reason = "";
        (uint slots, _) = LabelIndex.Shape(_medium.Length);
        if (slots == 0)
        {
            reason = Reason;
            return Errno.EINVAL;
        }

        if (State != LabelAreaState.Blank && !force)
        {
            reason = State == LabelAreaState.Ready
                ? $"{_medium.Name} has {Labels.Count} labels: force it where they may be lost"
                : $"{Reason}: force it where whatever lies there may be lost";
            return State == LabelAreaState.Ready ? Errno.EEXIST : Errno.EUCLEAN;
        }

        Errno errno = _medium.TryClearErrors(0, _medium.Length, out _);
        LabelIndex fresh = LabelIndex.AllFree(slots, _index is null ? 1 : LabelIndex.After(_index.Sequence));
        int copy = 1 - _copy;
        errno = errno == Errno.None ? TryStore(fresh, copy) : errno;
        if (errno != Errno.None)
        {
            reason = $"{_medium.Name}: the index cannot be stored ({errno})";
            return errno;
        }

        (_index, _copy, SlotCount, State, Reason, Labels, Problems) = (fresh, copy, slots, LabelAreaState.Ready, "", [], []);
        return Errno.None;
    }

    /// <summary>Takes labels away and puts others there, at once.</summary>
    /// <param name="freed">Slots of those that go.</param>
    /// <param name="added">Those that come; their slots are chosen here.</param>
    /// <param name="stored">The labels that came, with their slots; empty on failure.</param>
    /// <param name="reason">Why not; empty on success.</param>
    /// <returns><see cref="Errno.ENODEV"/> where there is no good index; <see cref="Errno.ENOSPC"/> where slots do not suffice; the medium's own errors. Nothing changes then.</returns>
    internal Errno TryChange(IReadOnlyList<uint> freed, IReadOnlyList<PmemLabel> added, out IReadOnlyList<PmemLabel> stored, out string reason)
    {
        stored = [];
        reason = State == LabelAreaState.Blank ? $"{_medium.Name} is blank: initialise its labels first" : Reason;
        if (_index is null)
        {
            return Errno.ENODEV;
        }

        LabelIndex next = _index.Next();
        List<PmemLabel> placed = [];
        byte[] bytes = new byte[PmemLabel.SizeBytes];
        uint slot = 0;
        foreach (PmemLabel label in added)
        {
            while (slot < SlotCount && !(_index.IsFree(slot) && IsGood(slot)))
            {
                slot++;
            }

            if (slot == SlotCount)
            {
                reason = $"{_medium.Name}: none of its {SlotCount} label slots is free";
                return Errno.ENOSPC;
            }

            PmemLabel here = label with { Slot = slot };
            here.Format(bytes);
            Errno errno = _medium.TryWritePersistent(OffsetOf(slot), bytes);
            if (errno != Errno.None)
            {
                reason = $"{_medium.Name}: the label cannot be stored ({errno})";
                return errno;
            }

            placed.Add(here);
            next.Mark(slot++, isFree: false);
        }

        foreach (uint gone in freed)
        {
            next.Mark(gone, isFree: true);
        }

        Errno last = TryStore(next, 1 - _copy);
        if (last != Errno.None)
        {
            reason = $"{_medium.Name}: the index cannot be stored ({last})";
            return last;
        }

        reason = "";
        (_index, _copy) = (next, 1 - _copy);
        Labels = [.. Labels.Where(label => !freed.Contains(label.Slot)).Concat(placed).OrderBy(static label => label.Slot)];
        Problems = [.. Problems.Where(problem => !freed.Contains(problem.Slot))];
        stored = placed;
        return Errno.None;
    }

    private bool IsGood(uint slot) => !_medium.Errors.Overlaps(OffsetOf(slot), PmemLabel.SizeBytes);

    private Errno TryStore(LabelIndex index, int copy)
    {
        byte[] bytes = new byte[_indexBytes];
        index.Format(bytes, copy);
        return _medium.Errors.Overlaps((ulong)(copy * _indexBytes), (ulong)_indexBytes) ? Errno.EIO : _medium.TryWritePersistent((ulong)(copy * _indexBytes), bytes);
    }
}
