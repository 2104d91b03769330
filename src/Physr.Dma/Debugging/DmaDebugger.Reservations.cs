// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <content>Two-step mapping: a reservation is an entry, and so is each link in it.</content>
public sealed partial class DmaDebugger
{
    /// <summary>A step of two-step mapping was taken or tried. <see cref="DmaReservationStep.Destroy"/> and <see cref="DmaReservationStep.Free"/> come before the mapper
    /// gives the addresses away, <see cref="DmaReservationStep.End"/> after; the others after.</summary>
    public void OnReservation(in DmaReservationEvent change)
    {
        lock (_lock)
        {
            DmaDebugDevice device = Begin(change.Device);
            if (!IsEnabled)
            {
                return;
            }

            DmaMemoryKinds memory = change.Step == DmaReservationStep.Link ? Classify(change.Memory, change.Length) : DmaMemoryKinds.Unknown;
            _recorder?.ReservationChanged(change);
            if (change.Step == DmaReservationStep.Reserve)
            {
                Reserve(device, change);
                return;
            }

            int index = FindReservation(device, change.Address.Value, isEnding: change.Step == DmaReservationStep.End);
            if (index == 0)
            {
                if (change.Step != DmaReservationStep.End)
                {
                    Report(device, DmaDebugError.FreeNeverAllocated, change.Address.Value, change.Length, "a reservation", $"{change.Step} of an address that is not reserved", mapping: null, MayHaveMissed);
                }

                return;
            }

            switch (change.Step)
            {
                case DmaReservationStep.Link:
                    Link(device, index, change, memory);
                    break;
                case DmaReservationStep.Sync:
                    MarkSynced(device, change);
                    break;
                case DmaReservationStep.Unlink:
                    Unlink(device, index, change);
                    break;
                case DmaReservationStep.End:
                    End(device, index, change.IsDone);
                    break;
                default:
                    BeginEnd(device, index, change);
                    break;
            }
        }
    }

    private int FindReservation(DmaDebugDevice device, ulong address, bool isEnding)
    {
        for (int i = _table.FirstAt(address); i != 0; i = _table.NextAt(i))
        {
            ref DmaDebugEntry entry = ref _table[i];
            if (entry.Kind == DmaMapKind.Reservation && entry.Start == address && entry.Device == device && entry.Is(DmaDebugEntryFlags.Ending) == isEnding)
            {
                return i;
            }
        }

        return 0;
    }

    private void Reserve(DmaDebugDevice device, in DmaReservationEvent change)
    {
        if (change.IsDone && change.Length != 0 && DmaRange.TryCreate(change.Address, change.Length, out DmaRange range))
        {
            DmaDebugEntry entry = NewEntry(device, DmaMapKind.Reservation, range, null, change.Direction, change.Attributes);
            CheckOverlap(entry);
            TryAdd(entry, out _);
        }
    }

    private void Link(DmaDebugDevice device, int index, in DmaReservationEvent change, DmaMemoryKinds memory)
    {
        DmaDebugEntry reservation = _table[index];
        if (change.Length == 0 || change.Offset > reservation.Size || change.Length > reservation.Size - change.Offset)
        {
            Report(
                device, DmaDebugError.LinkOverlap, reservation.Start, change.Length, $"within the {reservation.Size} bytes reserved", $"linked {change.Length} bytes at offset {change.Offset}", index);
            return;
        }

        DmaRange range = new(new(reservation.Start + change.Offset), change.Length);
        bool isMmio = (change.Attributes & DmaAttributes.Mmio) != DmaAttributes.None;
        CheckMemory(device, DmaMapKind.Linked, range, isMmio, memory);
        int other = FirstLink(device, reservation.Start, range.Start.Value, range.End.Value);
        if (other != 0)
        {
            Report(device, DmaDebugError.LinkOverlap, range.Start.Value, range.Length, "a part where nothing is linked", $"linked {range.Length} bytes at offset {change.Offset}", other);
        }

        if (!change.IsDone)
        {
            return;
        }

        DmaDebugEntry entry = NewEntry(device, DmaMapKind.Linked, range, change.Memory, change.Direction, change.Attributes);
        entry.CpuAddress = reservation.Start;
        CheckOverlap(entry);
        if (TryAdd(entry, out int link))
        {
            CountLine(ref _table[link], isMmio);
        }
    }

    private void MarkSynced(DmaDebugDevice device, in DmaReservationEvent change)
    {
        ulong start = change.Address.Value + change.Offset;
        ulong end = start + change.Length;
        for (int i = change.IsDone ? FirstLink(device, change.Address.Value, start, end) : 0; i != 0; i = NextLink(device, change.Address.Value, start, end, i))
        {
            _table[i].Flags |= DmaDebugEntryFlags.Synced;
        }
    }

    private void Unlink(DmaDebugDevice device, int index, in DmaReservationEvent change)
    {
        DmaDebugEntry reservation = _table[index];
        ulong start = unchecked(reservation.Start + change.Offset);
        ulong end = unchecked(start + change.Length);
        ulong reached = start;
        bool isSameDirection = true;
        int last = index;
        for (int i = FirstLink(device, reservation.Start, start, end); i != 0; i = NextLink(device, reservation.Start, start, end, i))
        {
            ref DmaDebugEntry link = ref _table[i];
            reached = link.Start <= reached ? Math.Max(reached, link.End) : reached;
            isSameDirection &= link.Direction == change.Direction;
            last = i;
        }

        if (reached < end || end < start || change.Length == 0)
        {
            Report(
                device, DmaDebugError.UnlinkNotLinked, start, change.Length, reached == start ? "a part that is linked" : $"linked up to offset {reached - reservation.Start}",
                $"unlinked {change.Length} bytes at offset {change.Offset}", last);
        }

        if (!isSameDirection)
        {
            Report(
                device, DmaDebugError.FreeDifferentDirection, start, change.Length, $"{DmaDebugWords.Of(_table[last].Direction)}, as linked",
                $"unlinked {DmaDebugWords.Of(change.Direction)}", last);
        }

        if (change.IsDone && start < end)
        {
            Cut(device, reservation.Start, start, end);
        }
    }

    /// <summary>Takes a part out of the links; what sticks out at either side stays.</summary>
    private void Cut(DmaDebugDevice device, ulong reservation, ulong start, ulong end)
    {
        for (int i = FirstLink(device, reservation, start, end); i != 0; i = FirstLink(device, reservation, start, end))
        {
            DmaDebugEntry link = _table[i];
            Remove(i);
            link.Flags &= ~DmaDebugEntryFlags.LineCounted;
            if (link.Start < start)
            {
                DmaDebugEntry head = link;
                head.Size = start - link.Start;
                TryAdd(head, out _);
            }

            if (link.End > end)
            {
                DmaDebugEntry tail = link;
                tail.Memory = link.Memory + (end - link.Start);
                tail.Size = link.End - end;
                tail.Start = end;
                TryAdd(tail, out _);
            }
        }
    }

    private void BeginEnd(DmaDebugDevice device, int index, in DmaReservationEvent change)
    {
        ref DmaDebugEntry reservation = ref _table[index];
        ulong linked = 0;
        int other = 0;
        for (int i = FirstLink(device, reservation.Start, reservation.Start, reservation.End); i != 0; i = NextLink(device, reservation.Start, reservation.Start, reservation.End, i))
        {
            ref DmaDebugEntry link = ref _table[i];
            linked += link.Size;
            link.Flags |= DmaDebugEntryFlags.Ending;
            other = change.Step == DmaReservationStep.Destroy && link.Direction != change.Direction ? i : other;
        }

        ulong length = change.Step == DmaReservationStep.Free ? 0 : change.Length;
        if (linked != length)
        {
            Report(
                device, DmaDebugError.DestroyDifferentLength, reservation.Start, length, $"{linked} bytes, as linked", change.Step == DmaReservationStep.Free ? "freed" : $"destroyed {length} bytes", index);
        }

        if (other != 0)
        {
            Report(
                device, DmaDebugError.FreeDifferentDirection, reservation.Start, length, $"{DmaDebugWords.Of(_table[other].Direction)}, as linked",
                $"destroyed {DmaDebugWords.Of(change.Direction)}", other);
        }

        reservation.Flags |= DmaDebugEntryFlags.Ending;
    }

    private void End(DmaDebugDevice device, int index, bool isDone)
    {
        DmaDebugEntry reservation = _table[index];
        int i = First(device, reservation);
        while (i != 0)
        {
            ref DmaDebugEntry entry = ref _table[i];
            bool isPart = entry.Is(DmaDebugEntryFlags.Ending)
                && (entry.Kind == DmaMapKind.Linked ? entry.CpuAddress == reservation.Start : i == index);
            if (isPart && isDone)
            {
                Remove(i);
                i = First(device, reservation);
                continue;
            }

            entry.Flags &= isPart ? ~DmaDebugEntryFlags.Ending : entry.Flags;
            i = _table.NextOver(device, reservation.Start, reservation.End, i);
        }

        int First(DmaDebugDevice of, in DmaDebugEntry over) => _table.FirstOver(of, over.Start, over.End);
    }

    private int FirstLink(DmaDebugDevice device, ulong reservation, ulong start, ulong end) =>
        ToLink(device, reservation, start, end, _table.FirstOver(device, start, end));

    private int NextLink(DmaDebugDevice device, ulong reservation, ulong start, ulong end, int after) =>
        ToLink(device, reservation, start, end, _table.NextOver(device, start, end, after));

    private int ToLink(DmaDebugDevice device, ulong reservation, ulong start, ulong end, int at)
    {
        while (at != 0 && (_table[at].Kind != DmaMapKind.Linked || _table[at].CpuAddress != reservation || _table[at].Is(DmaDebugEntryFlags.Ending)))
        {
            at = _table.NextOver(device, start, end, at);
        }

        return at;
    }
}
