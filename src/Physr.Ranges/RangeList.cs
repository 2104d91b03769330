// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>An immutable list of physical byte ranges with their providers: the datum that crosses every boundary (mission text 001's <c>phyr</c>).</summary>
/// <remarks>
/// Entries are packed (8 bytes for a page-aligned run of up to 256 MiB, wider only when they must be), never empty, and coalesced: two neighbours that are
/// adjacent in memory have different providers. A list costs by its number of runs, not by its pages. Make one with <see cref="RangeListBuilder"/>.
/// </remarks>
public sealed partial class RangeList
{
    private readonly PackedRuns _runs;

    internal RangeList(PackedRuns runs) => _runs = runs;

    /// <summary>The list without bytes.</summary>
    public static RangeList Empty { get; } = new(PackedRuns.Empty);

    /// <summary>Total bytes.</summary>
    public ulong Length => _runs.Length;

    /// <summary>Number of entries.</summary>
    public int EntryCount => _runs.EntryCount;

    /// <summary>Bytes of memory that the entries and their seek index take.</summary>
    public ulong PackedBytes => _runs.PackedBytes;

    /// <summary>Whether the list holds no byte.</summary>
    public bool IsEmpty => _runs.Length == 0;

    /// <summary>The whole list as a view.</summary>
    public RangeListView All => new(this, 0, Length);

    internal PackedRuns Runs => _runs;

    /// <summary>A list of one range.</summary>
    public static RangeList Of(PhysicalRange range, ProviderIndex provider = default)
    {
        if (range.IsEmpty)
        {
            return Empty;
        }

        Span<ulong> words = stackalloc ulong[PackedEntry.MaxWords];
        int used = PackedEntry.Write(words, range.Start.Value, range.Length, provider.Value);
        return new(new PackedRuns(words[..used].ToArray(), 1, range.Length));
    }

    /// <summary>Reads the entries in order, allocating nothing.</summary>
    public Enumerator GetEnumerator() => new(new RunCursor(_runs));

    /// <summary>The part from byte <paramref name="offset"/> on, as a view that copies nothing (row R60e).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the list.</exception>
    public RangeListView View(ulong offset, ulong length) => new(this, offset, length);

    /// <summary>The part from byte <paramref name="offset"/> on, as a list of its own (row R60e). Cost: the entries of the part.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part leaves the list.</exception>
    public RangeList Slice(ulong offset, ulong length)
    {
        if (offset == 0 && length == Length)
        {
            return this;
        }

        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(View(offset, length));
        return builder.Build();
    }

    /// <summary>This list followed by another; the seam is coalesced (row R60b).</summary>
    public RangeList Concat(RangeList other)
    {
        ArgumentNullException.ThrowIfNull(other);
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(this);
        builder.Append(other);
        return builder.Build();
    }

    /// <summary>The physical range and provider at byte <paramref name="offset"/>, from that byte to the end of its entry (row R60a).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="offset"/> is not a byte of the list.</exception>
    public ProvidedRange Seek(ulong offset)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(offset, Length);
        RunCursor cursor = new(_runs, offset, Length - offset);
        cursor.MoveNext(out ulong address, out ulong length, out uint tag);
        return new(new(new(address), length), new(tag));
    }

    /// <summary>Reads the list as the fewest segments within a device's limits, never across providers (row R62).</summary>
    public SegmentEnumerable Segments(SegmentLimits limits) => All.Segments(limits);

    /// <summary>The list as <c>[0x1000-0x3000 (ram), …]</c>, at most eight entries.</summary>
    public override string ToString()
    {
        const int Shown = 8;
        List<string> parts = [];
        foreach (ProvidedRange entry in this)
        {
            if (parts.Count == Shown)
            {
                parts.Add($"… {EntryCount - Shown} more");
                break;
            }

            parts.Add(entry.ToString());
        }

        return $"[{string.Join(", ", parts)}]";
    }
}
