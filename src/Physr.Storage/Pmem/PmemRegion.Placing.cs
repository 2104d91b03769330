// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <content>Which bytes have an owner: labels judged, and room for new namespaces.</content>
public sealed partial class PmemRegion
{
    /// <summary>The runs of bytes that no namespace has: offsets from the start, ascending.</summary>
    public IReadOnlyList<(ulong Offset, ulong Length)> FreeRuns()
    {
        List<(ulong, ulong)> free = [];
        ulong at = 0;
        foreach (PmemNamespace each in Namespaces)
        {
            if (each.Label.Start > at)
            {
                free.Add((at, each.Label.Start - at));
            }

            at = each.Label.Start + each.Label.Length;
        }

        if (at < Range.Length)
        {
            free.Add((at, Range.Length - at));
        }

        return free;
    }

    private bool TryPlace(NamespaceRequest request, out ulong start, out ulong length, out string reason)
    {
        ulong unit = request.PlacingUnit;
        ulong largest = 0;
        start = 0;
        foreach ((ulong offset, ulong free) in FreeRuns())
        {
            // Addresses are what is aligned, not offsets.
            ulong first = Alignment.Up(Range.Start.Value + offset, unit) - Range.Start.Value;
            ulong room = first - offset < free ? Alignment.Down(free - (first - offset), unit) : 0;
            if (request.Size != 0 && room >= request.Size)
            {
                (start, length, reason) = (first, request.Size, "");
                return true;
            }

            if (room > largest)
            {
                (start, largest) = (first, room);
            }
        }

        length = largest;
        reason = request.Size == 0 && largest != 0 ? "" : $"{Name}: the largest free run of whole units of {unit} has {largest} bytes";
        return reason.Length == 0;
    }

    private void LoadNamespaces()
    {
        _problems.AddRange(Labels.Problems);
        foreach (PmemLabel label in Labels.Labels)
        {
            int mode = Array.IndexOf(s_abstractions, label.Abstraction);
            string reason = ReasonAgainst(label, mode);
            if (reason.Length == 0)
            {
                _namespaces.Add(new(this, label, (NamespaceMode)mode, FreeNumber()));
            }
            else
            {
                _problems.Add(new(label.Slot, $"the label in slot {label.Slot} ({label.Uuid}): {reason}"));
            }
        }
    }

    private string ReasonAgainst(PmemLabel label, int mode) => true switch
    {
        _ when mode < 0 => $"nothing is known of its abstraction {label.Abstraction}",
        _ when label.InterleaveCookie != Options.InterleaveCookie => $"it is of set 0x{label.InterleaveCookie:x}, this is 0x{Options.InterleaveCookie:x}",
        _ when label.Type != PmemLabel.PersistentMemoryType => $"{label.Type} is no persistent memory",
        _ when (label.Flags & PmemLabel.UpdatingFlag) != 0 => "an update of it was not finished",
        _ when label.LabelCount != 1 || label.Position != 0 => $"it is number {label.Position} of {label.LabelCount} labels; here one label makes a namespace",
        _ when label.Length == 0 || label.Start > Range.Length || label.Length > Range.Length - label.Start || ((label.Start | label.Length) & (PageSize.Size2M - 1)) != 0
            => $"{label.Length} bytes from {label.Start} on are not whole 2 MiB of a region of {Range.Length}",
        _ when _namespaces.Find(each => each.Label.Start < label.Start + label.Length && label.Start < each.Label.Start + each.Label.Length) is { } other => $"it overlaps {other}",
        _ when _namespaces.Exists(each => each.Uuid == label.Uuid) => "another label has its identity",
        _ => "",
    };
}
