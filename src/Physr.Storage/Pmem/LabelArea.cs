// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>The label area of a region (UEFI 2.7, 13.19): two copies of an index, then slots of 256 bytes.</summary>
/// <remarks><para>A change writes its labels into slots that the index calls free, makes them durable, then writes the copy of the index that does not count, with the following sequence number. Until
/// that copy is whole on the medium its checksum is wrong and the other one counts: a power cut leaves the old labels or the new ones.</para>
/// <para>Opening stores nothing. What is damaged is named and stays as it is, until somebody asks for <see cref="PmemRegion.TryInitializeLabels"/> or <see cref="PmemRegion.TryDropDamagedLabels"/>.</para></remarks>
public sealed partial class LabelArea
{
    /// <summary>The usual size, in bytes.</summary>
    public const ulong UsualBytes = 128UL << 10;

    private readonly PersistentMemory _medium;
    private readonly int _indexBytes;
    private LabelIndex? _index;
    private int _copy;

    private LabelArea(PersistentMemory medium)
    {
        _medium = medium;
        (SlotCount, _indexBytes) = LabelIndex.Shape(medium.Length);
    }

    /// <summary>What it holds.</summary>
    public LabelAreaState State { get; private set; }

    /// <summary>Why it is damaged; empty otherwise.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>Slots there are: 510 in 128 KiB.</summary>
    public uint SlotCount { get; private set; }

    /// <summary>The labels, ascending by slot.</summary>
    public IReadOnlyList<PmemLabel> Labels { get; private set; } = [];

    /// <summary>Slots in use that hold no good label.</summary>
    public IReadOnlyList<LabelProblem> Problems { get; private set; } = [];

    /// <summary>The sequence number that counts, 1 to 3; 0 where none does.</summary>
    public uint Sequence => _index?.Sequence ?? 0;

    /// <summary>Reads a label area. It never fails: <see cref="State"/> says what was found.</summary>
    /// <param name="medium">Its bytes; at least 1 KiB.</param>
    public static LabelArea Open(PersistentMemory medium)
    {
        ArgumentNullException.ThrowIfNull(medium);
        LabelArea area = new(medium);
        if (area.SlotCount == 0)
        {
            area.State = LabelAreaState.Damaged;
            area.Reason = $"{medium} does not have room for two indexes and a label";
            return area;
        }

        area.Load();
        return area;
    }

    private void Load()
    {
        byte[] bytes = new byte[_indexBytes];
        LabelIndex?[] copies = new LabelIndex?[2];
        string[] reasons = ["", ""];
        bool isBlank = true;
        for (int copy = 0; copy < 2; copy++)
        {
            Errno errno = _medium.TryRead((ulong)(copy * _indexBytes), bytes);
            if (errno != Errno.None)
            {
                reasons[copy] = $"it cannot be read ({errno})";
                isBlank = false;
                continue;
            }

            isBlank &= !bytes.AsSpan().ContainsAnyExcept((byte)0);
            copies[copy] = LabelIndex.Parse(bytes, copy, SlotCount, out reasons[copy]);
        }

        if (copies[0] is null && copies[1] is null)
        {
            State = isBlank ? LabelAreaState.Blank : LabelAreaState.Damaged;
            Reason = isBlank ? "" : $"{_medium.Name}: no index is whole; the first: {reasons[0]}; the second: {reasons[1]}";
            return;
        }

        _copy = copies[0] is null ? 1 : copies[1] is null ? 0 : LabelIndex.Newer(copies[0]!, copies[1]!);
        _index = copies[_copy];
        SlotCount = _index!.Slots;
        State = LabelAreaState.Ready;
        LoadLabels();
    }

    private void LoadLabels()
    {
        List<PmemLabel> labels = [];
        List<LabelProblem> problems = [];
        Span<byte> bytes = stackalloc byte[PmemLabel.SizeBytes];
        for (uint slot = 0; slot < SlotCount; slot++)
        {
            if (_index!.IsFree(slot))
            {
                continue;
            }

            Errno errno = _medium.TryRead(OffsetOf(slot), bytes);
            string reason = errno == Errno.None ? "" : $"the label in slot {slot} cannot be read ({errno})";
            PmemLabel? label = errno == Errno.None ? PmemLabel.Parse(bytes, slot, out reason) : null;
            if (label is not null)
            {
                labels.Add(label);
            }
            else
            {
                problems.Add(new(slot, reason));
            }
        }

        Labels = labels;
        Problems = problems;
    }

    private ulong OffsetOf(uint slot) => (ulong)(2 * _indexBytes) + ((ulong)slot * PmemLabel.SizeBytes);
}
