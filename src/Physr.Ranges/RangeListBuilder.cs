// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>Builds a <see cref="RangeList"/>: appends coalesce with the last range when it is adjacent and of the same provider.</summary>
/// <remarks>Builders are pooled per thread: <see cref="Rent"/> one, dispose it when done. A builder is not thread-safe.</remarks>
public sealed class RangeListBuilder : IDisposable
{
    [ThreadStatic]
    private static RangeListBuilder? s_spare;

    private readonly PackedRunsBuilder _runs = new();
    private bool _rented;

    private RangeListBuilder()
    {
    }

    /// <summary>What is appended to. A builder that was given back may be somebody else's by now.</summary>
    private PackedRunsBuilder Runs
    {
        get
        {
            ObjectDisposedException.ThrowIf(!_rented, this);
            return _runs;
        }
    }

    /// <summary>Bytes appended so far.</summary>
    public ulong Length => Runs.Length;

    /// <summary>Entries so far, coalesced.</summary>
    public int EntryCount => Runs.EntryCount;

    /// <summary>Takes an empty builder from the pool, with room for at least <paramref name="entries"/> entries.</summary>
    public static RangeListBuilder Rent(int entries = 0)
    {
        RangeListBuilder builder = s_spare ?? new();
        s_spare = null;
        builder._rented = true;
        builder.Preload(entries);
        return builder;
    }

    /// <summary>Makes room, so that the next <paramref name="entries"/> appends allocate nothing, for use where allocation is not possible (row R60c).</summary>
    public void Preload(int entries) => Runs.Preload(entries);

    /// <summary>Appends a range; an empty one changes nothing.</summary>
    /// <exception cref="ObjectDisposedException">The builder was given back.</exception>
    /// <exception cref="OverflowException">The list's total length would not fit in 64 bits.</exception>
    public void Append(PhysicalRange range, ProviderIndex provider = default) => Runs.Append(range.Start.Value, range.Length, provider.Value);

    /// <summary>Appends memory that only its device can address, by its offsets; a mapper asks its broker how another device reaches it (row R42).</summary>
    public void Append(AddressRange<DevicePrivateOffset> range) => Runs.Append(range.Start.Value, range.Length, ProviderIndex.DevicePrivate.Value);

    /// <summary>Appends one 4 KiB frame.</summary>
    public void Append(PageFrameNumber frame, ProviderIndex provider = default) => Runs.Append(frame.Address.Value, PageSize.Size4K, provider.Value);

    /// <summary>Appends a whole list.</summary>
    public void Append(RangeList list)
    {
        ArgumentNullException.ThrowIfNull(list);
        Append(list.All);
    }

    /// <summary>Appends part of a list.</summary>
    public void Append(RangeListView view)
    {
        RunCursor cursor = view.Cursor();
        while (cursor.MoveNext(out ulong address, out ulong length, out uint tag))
        {
            Runs.Append(address, length, tag);
        }
    }

    /// <summary>Appends without allocating.</summary>
    /// <returns><see cref="Errno.ENOSPC"/> when the preloaded room is used up; the list is then as it was (row R60d).</returns>
    public Errno TryAppendPreloaded(PhysicalRange range, ProviderIndex provider = default) =>
        Runs.TryAppendPreloaded(range.Start.Value, range.Length, provider.Value);

    /// <summary>Gives the list and empties the builder, which can be filled again.</summary>
    public RangeList Build() => Runs.EntryCount == 0 ? RangeList.Empty : new(Runs.Build());

    /// <summary>Forgets what was appended and gives the builder back to the pool.</summary>
    public void Dispose()
    {
        if (!_rented)
        {
            return;
        }

        _rented = false;
        if (s_spare is null)
        {
            _runs.Clear();
            s_spare = this;
        }
        else
        {
            _runs.Release();
        }
    }
}
