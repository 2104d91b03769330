// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>Entries word for word, against values worked out by hand from the specifications.</summary>
public sealed class EncodingTests
{
    private const IommuAccess ReadOnly = IommuAccess.Read;

    [Fact]
    public void R79_AmdV1_EntriesAreTheSpecifications()
    {
        using IoPageTable table = new(IoPageTableFormat.AmdV1);

        // PR | IR | IW, next level 0.
        Assert.Equal(Errno.None, table.Map(0x1000, 0x1234_5678_9000, 0x1000));
        Assert.Equal(0x6000_0000_0000_0001UL | 0x1234_5678_9000, table.Entry(0x1000, 1));

        // Read alone, force coherent, and bit 1 for a device's memory.
        Assert.Equal(Errno.None, table.Map(0x3000, 0xf_ffff_ffff_f000, 0x1000, ReadOnly | IommuAccess.Cache | IommuAccess.Mmio));
        Assert.Equal(0x300f_ffff_ffff_f003UL, table.Entry(0x3000, 1));

        // Next level 7, size in the address. 8 KiB: bit 12 clear. 32 KiB: bits 12 and 13 set, 14 clear. In every entry of the leaf.
        Assert.Equal(Errno.None, table.Map(0x4000, 0x8000_2000, 0x2000, IommuAccess.Write));
        Assert.Equal(0x4000_0000_8000_2e01UL, table.Entry(0x4000, 1));
        Assert.Equal(0x4000_0000_8000_2e01UL, table.Entry(0x5000, 1));
        Assert.Equal(Errno.None, table.Map(0x8000, 0x8000_8000, 0x8000));
        for (ulong iova = 0x8000; iova < 0x10000; iova += 0x1000)
        {
            Assert.Equal(0x6000_0000_8000_be01UL, table.Entry(iova, 1));
        }

        // 2 MiB: the level's own size, next level 0. 4 MiB: two entries, bits 12 to 20 set, 21 clear.
        Assert.Equal(Errno.None, table.Map(0x20_0000, 0x4020_0000, 0x20_0000));
        Assert.Equal(0x6000_0000_4020_0001UL, table.Entry(0x20_0000, 2));
        Assert.Equal(Errno.None, table.Map(0x40_0000, 0x4040_0000, 0x40_0000));
        Assert.Equal(0x6000_0000_405f_fe01UL, table.Entry(0x40_0000, 2));
        Assert.Equal(0x6000_0000_405f_fe01UL, table.Entry(0x60_0000, 2));

        // An entry that leads to a table says its level: 1 below level 2, 2 below level 3.
        Assert.Equal(0x6000_0000_0000_0201UL, table.Entry(0, 2) & ~0x000f_ffff_ffff_f000UL);
        Assert.Equal(0x6000_0000_0000_0401UL, table.Entry(0, 3) & ~0x000f_ffff_ffff_f000UL);

        // Accessed is bit 5 and dirty bit 6, in the entry that the device went through.
        table.TracksDirty = true;
        Assert.True(table.TryAccess(new(0x5000), isWrite: true, out _, out _));
        Assert.Equal(0x4000_0000_8000_2e61UL, table.Entry(0x5000, 1));
        Assert.Equal(0x4000_0000_8000_2e01UL, table.Entry(0x4000, 1));
    }

    [Fact]
    public void R79_VtdSecondStage_EntriesAreTheSpecifications()
    {
        using IoPageTable table = new(IoPageTableFormat.VtdSecondStage);
        Assert.Equal(Errno.None, table.Map(0x1000, 0x1234_5678_9000, 0x1000));
        Assert.Equal(0x1234_5678_9003UL, table.Entry(0x1000, 1));
        Assert.Equal(Errno.None, table.Map(0x2000, 0xf_ffff_ffff_f000, 0x1000, IommuAccess.Write | IommuAccess.Cache));
        Assert.Equal(0xf_ffff_ffff_f802UL, table.Entry(0x2000, 1));
        Assert.Equal(Errno.None, table.Map(0x3000, 0x5000, 0x1000, ReadOnly | IommuAccess.Mmio));
        Assert.Equal(0x5401UL, table.Entry(0x3000, 1));
        Assert.Equal(Errno.None, table.Map(0x20_0000, 0x4020_0000, 0x20_0000));
        Assert.Equal(0x4020_0083UL, table.Entry(0x20_0000, 2));
        Assert.Equal(Errno.None, table.Map(0x4000_0000, 0x1_c000_0000, 0x4000_0000));
        Assert.Equal(0x1_c000_0083UL, table.Entry(0x4000_0000, 3));
        Assert.Equal(3UL, table.Entry(0, 2) & ~0x000f_ffff_ffff_f000UL);

        // Accessed is bit 8, at each level; dirty bit 9, in the leaf.
        table.TracksDirty = true;
        Assert.True(table.TryAccess(new(0x1000), isWrite: false, out _, out _));
        Assert.Equal(0x1234_5678_9103UL, table.Entry(0x1000, 1));
        Assert.Equal(0x103UL, table.Entry(0x1000, 2) & ~0x000f_ffff_ffff_f000UL);
        Assert.Equal(0x103UL, table.Entry(0x1000, 3) & ~0x000f_ffff_ffff_f000UL);
        Assert.True(table.TryAccess(new(0x4000_0000), isWrite: true, out _, out _));
        Assert.Equal(0x1_c000_0383UL, table.Entry(0x4000_0000, 3));
    }

    [Fact]
    public void R79_X86_64_EntriesAreTheSpecifications()
    {
        using IoPageTable table = new(IoPageTableFormat.X86_64);

        // P | RW | US | A, and D since nobody asks for it.
        Assert.Equal(Errno.None, table.Map(0x1000, 0x1234_5678_9000, 0x1000));
        Assert.Equal(0x1234_5678_9067UL, table.Entry(0x1000, 1));
        Assert.Equal(Errno.None, table.Map(0x2000, 0xf_ffff_ffff_f000, 0x1000, ReadOnly));
        Assert.Equal(0xf_ffff_ffff_f025UL, table.Entry(0x2000, 1));
        Assert.Equal(Errno.None, table.Map(0x3000, 0x5000, 0x1000, ReadOnly | IommuAccess.Mmio | IommuAccess.Cache));
        Assert.Equal(0x5625UL, table.Entry(0x3000, 1));
        Assert.Equal(0x27UL, table.Entry(0, 2) & ~0x000f_ffff_ffff_f000UL);

        table.TracksDirty = true;
        Assert.Equal(Errno.None, table.Map(0x20_0000, 0x4020_0000, 0x20_0000));
        Assert.Equal(0x4020_00a7UL, table.Entry(0x20_0000, 2));
        Assert.Equal(Errno.None, table.Map(0x4000_0000, 0x1_c000_0000, 0x4000_0000));
        Assert.Equal(0x1_c000_00a7UL, table.Entry(0x4000_0000, 3));
        Assert.True(table.TryAccess(new(0x4000_0000), isWrite: true, out _, out _));
        Assert.Equal(0x1_c000_00e7UL, table.Entry(0x4000_0000, 3));
    }
}
