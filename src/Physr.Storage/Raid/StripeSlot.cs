// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>Memory for one row at work, with the entry of the journal that goes with it: a header, and a piece of each of the row's chunks.</summary>
internal sealed class StripeSlot : IStripeColumns
{
    private readonly IHostBytes _host;
    private readonly RangeListView _header;
    private readonly RangeListView[] _columns;
    private readonly PhysicalAddress _headerAddress;
    private readonly PhysicalAddress[] _addresses;
    private int _length;

    public StripeSlot(int index, IHostBytes host, PhysicalAddress header, PhysicalAddress columns, int count, uint segmentBytes)
    {
        Index = index;
        _host = host;
        _headerAddress = header;
        _header = RangeList.Of(new(header, RaidLayout.BlockBytes)).All;
        _addresses = new PhysicalAddress[count];
        _columns = new RangeListView[count];
        for (int i = 0; i < count; i++)
        {
            _addresses[i] = columns.Add((ulong)i * segmentBytes);
            _columns[i] = RangeList.Of(new(_addresses[i], segmentBytes)).All;
        }
    }

    /// <summary>Its number, which is that of its journal entry.</summary>
    public int Index { get; }

    /// <summary>While it is used: the number of the write it is used for.</summary>
    public ulong Sequence { get; set; }

    /// <summary>The header's memory.</summary>
    public RangeListView HeaderRange => _header;

    /// <summary>The header's bytes.</summary>
    public Span<byte> Header => _host.WritableAt(_headerAddress, RaidLayout.BlockBytes);

    /// <summary>Says how much of each column is used.</summary>
    public void Use(uint length) => _length = (int)length;

    /// <inheritdoc/>
    public Span<byte> Column(int position) => _host.WritableAt(_addresses[position], (ulong)_length);

    /// <summary>The memory of a column.</summary>
    public RangeListView ColumnRange(int position) => _columns[position].Slice(0, (ulong)_length);
}
