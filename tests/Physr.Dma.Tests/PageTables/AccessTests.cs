// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>Walks as hardware does them: permissions, reasons, accessed and dirty marks.</summary>
public sealed class AccessTests
{
    public static TheoryData<IoPageTableFormat> Formats => TableRig.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_ADeviceMayDoWhatTheMapSays_AndIsToldWhyNot(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        Assert.Equal(Errno.None, table.Map(0x1000, 0x9000, 0x1000, IommuAccess.Read));
        Assert.Equal(Errno.None, table.Map(0x2000, 0xa000, 0x1000, IommuAccess.Write));
        Assert.Equal(Errno.None, table.Map(0x3000, 0xb000, 0x1000));
        Assert.Equal(IommuFaultReason.None, Access(table, 0x1234, false));
        Assert.Equal(IommuFaultReason.WriteDenied, Access(table, 0x1234, true));
        Assert.Equal(format == IoPageTableFormat.X86_64 ? IommuFaultReason.None : IommuFaultReason.ReadDenied, Access(table, 0x2234, false));
        Assert.Equal(IommuFaultReason.None, Access(table, 0x2234, true));
        Assert.Equal(IommuFaultReason.None, Access(table, 0x3234, false));
        Assert.Equal(IommuFaultReason.None, Access(table, 0x3234, true));
        Assert.Equal(IommuFaultReason.NotMapped, Access(table, 0, false));
        Assert.Equal(IommuFaultReason.NotMapped, Access(table, table.Aperture.End.Value - 1, false));
        Assert.Equal(IommuFaultReason.BeyondAperture, Access(table, table.Aperture.End.Value, true));
        Assert.Equal(IommuFaultReason.BeyondAperture, Access(table, ulong.MaxValue, false));
        Assert.True(table.TryAccess(new(0x3abc), true, out IommuTranslation found, out _));
        Assert.Equal(new(new(0xbabc), new(new(0x3000), 0x1000), TableRig.ReadWrite), found);
        Assert.Equal(0x544UL, found.ContiguousAfter(new(0x3abc)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_PermissionIsAskedForAtEveryLevel(IoPageTableFormat format) => Of(format)();

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_test_dirty(IoPageTableFormat format)
    {
        using IoPageTable table = new(format, new() { TracksDirty = true });
        foreach (ulong size in TableRig.Sizes(table.PageSizes).Where(static size => size < 1UL << 38))
        {
            Assert.Equal(Errno.None, table.Map(size, 0, 2 * size));
            Assert.Empty(Dirty(table, 0, 4 * size, clear: false, out _));

            // Reading does not make dirty; writing does, in whichever entry of the leaf.
            Assert.Equal(IommuFaultReason.None, Access(table, size, false));
            Assert.Empty(Dirty(table, 0, 4 * size, clear: false, out _));
            Assert.Equal(IommuFaultReason.None, Access(table, (2 * size) - 1, true));
            DmaRange leaf = table.Leaf(size);
            Assert.Equal([leaf], Dirty(table, 0, 4 * size, clear: false, out IotlbGather gather));
            Assert.True(gather.IsEmpty);

            // Clipped to what is asked for, cleared once, dirty again.
            Assert.Equal([new(new(leaf.Start.Value + 0x800), 0x100)], Dirty(table, leaf.Start.Value + 0x800, 0x100, clear: false, out _));
            Assert.Equal([leaf], Dirty(table, 0, 4 * size, clear: true, out gather));
            Assert.Equal((leaf.Start.Value, leaf.End.Value), (gather.Start, gather.End));
            Assert.Empty(Dirty(table, 0, 4 * size, clear: true, out _));
            Assert.Equal(IommuFaultReason.None, Access(table, leaf.Start.Value, true));
            Assert.Single(Dirty(table, 0, 4 * size, clear: true, out _));
            Assert.Equal(2 * size, table.Unmap(size, 2 * size));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_WithoutTrackingNothingIsMarked_ButX86_64CountsItAsWritten(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        Assert.Equal(Errno.None, table.Map(0x1000, 0, 0x3000));
        ulong before = table.Entry(0x1000, 1);
        Assert.Equal(IommuFaultReason.None, Access(table, 0x1000, true));
        Assert.Equal(before, table.Entry(0x1000, 1));
        table.TracksDirty = true;
        int leaves = format == IoPageTableFormat.X86_64 ? 3 : 0;
        Assert.Equal(leaves, Dirty(table, 0, 0x10000, clear: true, out _).Count);
        Assert.Empty(Dirty(table, 0, 0x10000, clear: true, out _));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_DirtyIsReadOverHolesAndTops(IoPageTableFormat format)
    {
        using IoPageTable table = new(format, new() { TracksDirty = true });
        ulong[] places = [0x1000, PageSize.Size2M - 0x1000, PageSize.Size2M, PageSize.Size1G + 0x5000, 1UL << 38, table.Aperture.End.Value - 0x1000];
        foreach (ulong place in places)
        {
            Assert.Equal(Errno.None, table.Map(place, 0, 0x1000));
            Assert.Equal(IommuFaultReason.None, Access(table, place + 0xfff, true));
        }

        Assert.Equal(places, Dirty(table, 0, ulong.MaxValue, clear: false, out _).Select(static range => range.Start.Value));
        Assert.Equal(places[1..^1], Dirty(table, 0x2000, (1UL << 38) - 0x1000, clear: false, out _).Select(static range => range.Start.Value));
        Assert.Empty(Dirty(table, 0x2000, 0, clear: true, out _));
    }

    private static IommuFaultReason Access(IoPageTable table, ulong iova, bool isWrite)
    {
        bool isAllowed = table.TryAccess(new(iova), isWrite, out IommuTranslation found, out IommuFaultReason reason);
        Assert.Equal(isAllowed, reason == IommuFaultReason.None);
        Assert.Equal(isAllowed, found != default);
        return reason;
    }

    private static List<DmaRange> Dirty(IoPageTable table, ulong start, ulong length, bool clear, out IotlbGather gather)
    {
        List<DmaRange> found = [];
        gather = new();
        table.ReadDirty(new(new(start), length), clear, gather, found.Add);
        return found;
    }

    private static Action Of(IoPageTableFormat format) => format switch
    {
        IoPageTableFormat.AmdV1 => PermissionsOfTables<AmdV1Format>,
        IoPageTableFormat.VtdSecondStage => PermissionsOfTables<VtdSecondStageFormat>,
        _ => PermissionsOfTables<X86_64Format>,
    };

    /// <summary>Takes the right to write away from the entry above the leaf's table, as nested owners do.</summary>
    private static void PermissionsOfTables<TFormat>()
        where TFormat : struct, IIoPageTableFormat
    {
        using TablePool pool = new(null, 100);
        TableReserve reserve = default;
        PerLevel<long> needs = default;
        needs[TFormat.UsualLevels] = 1;
        Assert.True(pool.TryTake(needs, ref reserve));
        TablePage top = reserve.Take(TFormat.UsualLevels);
        top.Clear();
        FormattedTable<TFormat> table = new(top, TFormat.UsualLevels, TFormat.UsualLevels, TFormat.PageSizes, 39, pool, tracksDirty: false);
        Assert.Equal(Errno.None, table.Map(0x1000, 0x9000, 0x1000, TableRig.ReadWrite));
        Assert.Equal(IommuFaultReason.None, table.Access(0x1000, true, out _));
        top[0] &= ~TFormat.Writable;
        Assert.Equal(IommuFaultReason.WriteDenied, table.Access(0x1000, true, out _));
        Assert.Equal(IommuFaultReason.None, table.Access(0x1000, false, out _));
    }
}
