// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Text;
using Physr.Storage.Btt;
using static Physr.Storage.Tests.Btt.BttMedia;

namespace Physr.Storage.Tests.Btt;

/// <summary>The format, and what is done about damage (UEFI 2.7, "Block Translation Table").</summary>
public sealed class BttFormatTests : IDisposable
{
    private readonly MemoryMedia _medium = new("pmem", 16 * MiB);

    public void Dispose() => _medium.Dispose();

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void PartsFollowOneAnother_AndNothingIsLeftBetweenThem(uint sector)
    {
        Make(_medium, new() { SectorBytes = sector });
        BttLayout layout = Info(_medium).Layout;
        Assert.Equal(4096UL, layout.DataOffset);
        Assert.Equal(256U, layout.FreeBlocks);
        Assert.Equal(layout.Blocks, layout.Sectors + 256);
        Assert.Equal(layout.FlogOffset + (256 * 64), layout.CopyOffset);
        Assert.Equal(16 * MiB - 4096, layout.CopyOffset);
        Assert.Equal(layout.FlogOffset, layout.MapOffset + ((((ulong)layout.Sectors * 4) + 4095) & ~4095UL));
        Assert.InRange(layout.MapOffset - 4096 - ((ulong)layout.Blocks * sector), 0UL, 8192 + sector);
        Assert.Equal(0UL, layout.NextOffset);
    }

    [Fact]
    public void TheInfoBlockHoldsWhatTheFormatSays_Twice()
    {
        Guid uuid = new("00112233-4455-6677-8899-aabbccddeeff");
        Guid parent = Guid.NewGuid();
        Make(_medium, new() { SectorBytes = 512, Uuid = uuid, ParentUuid = parent });
        byte[] block = new byte[4096];
        byte[] copy = new byte[4096];
        _medium.TryRead(0, block);
        _medium.TryRead((16 * MiB) - 4096, copy);
        Assert.Equal(block, copy);
        Assert.Equal("BTT_ARENA_INFO\0\0", Encoding.ASCII.GetString(block, 0, 16));
        Assert.Equal("00112233445566778899AABBCCDDEEFF", Convert.ToHexString(block.AsSpan(16, 16)));
        Assert.Equal(parent, new Guid(block.AsSpan(32, 16), bigEndian: true));
        uint[] words = [.. Enumerable.Range(0, 8).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(block.AsSpan(48 + (4 * i))))];
        Assert.Equal([0U, 2U, 512U, words[3], 512U, words[3] + 256, 256U, 4096U], words);
        Assert.Equal(Errno.EUCLEAN, BttDevice.TryOpen(_medium, Guid.NewGuid(), out _, out string reason));
        Assert.Contains($"belongs to namespace {parent}", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, BttDevice.TryOpen(_medium, parent, out BttDevice? device, out _));
        Assert.Equal(uuid, device!.Uuid);
    }

    [Fact]
    public void AFreshFlogNamesTheBlocksBehindTheSectors_AndTheMapIsIdentity()
    {
        Make(_medium);
        BttLayout layout = Info(_medium).Layout;
        byte[] flog = new byte[256 * 64];
        _medium.TryRead(layout.FlogOffset, flog);
        for (uint lane = 0; lane < 256; lane++)
        {
            uint[] words = [.. Enumerable.Range(0, 16).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(flog.AsSpan((int)(lane * 64) + (4 * i))))];
            Assert.Equal([lane, layout.Sectors + lane, layout.Sectors + lane, 1U, .. new uint[12]], words);
        }

        // Never written: both bits clear, the sector's own block.
        byte[] map = new byte[layout.Sectors * 4];
        _medium.TryRead(layout.MapOffset, map);
        Assert.DoesNotContain(map, static each => each != 0);
    }

    [Fact]
    public void AWriteGoesToTheFreeBlock_TheMapAndTheFlogSaySo()
    {
        BttDevice device = Make(_medium);
        BttLayout layout = Info(_medium).Layout;
        Assert.Equal(Errno.None, device.TryWrite(7, Sector(device, 42)));
        byte[] map = new byte[4];
        _medium.TryRead(layout.MapOffset + 28, map);
        uint raw = BinaryPrimitives.ReadUInt32LittleEndian(map);
        Assert.Equal(3U, raw >> 30);
        uint block = raw & 0x3FFF_FFFF;
        Assert.InRange(block, layout.Sectors, layout.Blocks - 1);
        byte[] bytes = new byte[16];
        _medium.TryRead(layout.DataOffset + ((ulong)block * 4096), bytes);
        Assert.Equal(42UL, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        _medium.TryRead(layout.FlogOffset + ((block - layout.Sectors) * 64) + 16, bytes);
        Assert.Equal([7U, 7U, block, 2U], Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 * i))));
    }

    [Fact]
    public void SeveralArenasAreOneRunOfSectors()
    {
        using MemoryMedia medium = new("pmem", 50 * MiB);
        BttDevice device = Make(medium, new() { ArenaBytes = 16 * MiB });
        Assert.Equal(3, device.ArenaCount);
        uint per = Info(medium).Layout.Sectors;
        Assert.Equal(3UL * per, device.Sectors);
        ulong[] sectors = [0, per - 1, per, (2UL * per) - 1, 2UL * per, (3UL * per) - 1];
        foreach (ulong sector in sectors)
        {
            Assert.Equal(Errno.None, device.TryWrite(sector, Sector(device, sector + 1)));
        }

        device = Open(medium);
        byte[] seen = new byte[4096];
        foreach (ulong sector in sectors)
        {
            Assert.Equal(Errno.None, device.TryRead(sector, seen));
            Assert.Equal(sector + 1, ValueOf(seen));
        }

        Assert.Equal(Errno.ENXIO, device.TryRead(3UL * per, seen));
        Assert.True(BttCheck.Run(medium).IsClean);
        Assert.Equal((3, 3UL * per), (BttCheck.Run(medium).Arenas, BttCheck.Run(medium).Sectors));
        Flip(medium, (16 * MiB) + 30);
        Assert.Equal(1, Open(medium).ArenasFromCopy);
    }

    [Fact]
    public void ADamagedInfoBlockIsCoveredByItsCopy_BothAreANamedError_AndNothingIsMended()
    {
        BttDevice device = Make(_medium);
        device.TryWrite(3, Sector(device, 9));
        Flip(_medium, 60);
        device = Open(_medium);
        Assert.Equal(1, device.ArenasFromCopy);
        byte[] seen = new byte[4096];
        device.TryRead(3, seen);
        Assert.Equal(9UL, ValueOf(seen));
        BttReport report = BttCheck.Run(_medium);
        Assert.Contains("its copy stands in", Assert.Single(report.Problems), StringComparison.Ordinal);
        Flip(_medium, (16 * MiB) - 8);
        Assert.Equal(Errno.EUCLEAN, BttDevice.TryOpen(_medium, default, out _, out string reason));
        Assert.Contains("checksum", reason, StringComparison.Ordinal);
        Assert.Contains("no copy", reason, StringComparison.Ordinal);
        Assert.False(BttCheck.Run(_medium).IsClean);
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void SectorsOfOtherLengthsAreRefused(uint sector)
    {
        BttDevice device = Make(_medium, new() { SectorBytes = sector });
        Assert.Equal(Errno.EINVAL, device.TryRead(0, new byte[sector + 8]));
        Assert.Equal(Errno.EINVAL, device.TryWrite(0, new byte[sector - 8]));
        Assert.Equal(Errno.ENXIO, device.TryWrite(ulong.MaxValue, new byte[sector]));
        Assert.Equal(Errno.ENXIO, device.TryZero(device.Sectors));
    }

    [Fact]
    public void WhatCannotBeFormattedIsRefused()
    {
        using MemoryMedia small = new("small", 14 * MiB);
        Assert.Equal(Errno.EINVAL, BttFormat.TryFormat(small, new(), out string reason));
        Assert.Contains("16 MiB", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, BttFormat.TryFormat(_medium, new() { SectorBytes = 520 }, out reason));
        Assert.Contains("512 and 4096", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, BttFormat.TryFormat(_medium, new() { ArenaBytes = MiB }, out _));
        Assert.Equal(Errno.EUCLEAN, BttDevice.TryOpen(_medium, default, out _, out reason));
        Assert.Contains("BTT_ARENA_INFO", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckFindsABlockWithTwoOwners_AndOneThatIsNotThere()
    {
        Make(_medium);
        BttLayout layout = Info(_medium).Layout;
        byte[] entry = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0xC000_0005);
        _medium.TryWrite(layout.MapOffset + (4 * 9), entry);
        BinaryPrimitives.WriteUInt32LittleEndian(entry, 0xC000_0000 | layout.Blocks);
        _medium.TryWrite(layout.MapOffset + (4 * 11), entry);
        BttReport report = BttCheck.Run(_medium);
        Assert.Equal(2, report.Problems.Count);
        Assert.Contains("block 5 of the arena at 0 has two owners; one is sector 9", report.Problems[0], StringComparison.Ordinal);
        Assert.Contains($"sector 11 of the arena at 0 names block {layout.Blocks}", report.Problems[1], StringComparison.Ordinal);
        BttDevice device = Open(_medium);
        Assert.Equal(Errno.EIO, device.TryRead(11, new byte[4096]));
        Assert.Equal(Errno.EIO, device.TryWrite(11, new byte[4096]));
    }

    [Fact]
    public void ADamagedFlogIsANamedError()
    {
        Make(_medium);
        BttLayout layout = Info(_medium).Layout;
        byte[] equal = [1, 0, 0, 0];
        _medium.TryWrite(layout.FlogOffset + (5 * 64) + 28, equal);
        Assert.Equal(Errno.EUCLEAN, BttDevice.TryOpen(_medium, default, out _, out string reason));
        Assert.Contains("flog of free block 5", reason, StringComparison.Ordinal);
        Assert.Contains("flog of free block 5", Assert.Single(BttCheck.Run(_medium).Problems, static each => each.Contains("flog", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void AnArenaThatSaysItFailedIsReadOnly()
    {
        BttDevice device = Make(_medium);
        device.TryWrite(0, Sector(device, 5));
        BttInfoBlock info = Info(_medium) with { HasError = true };
        byte[] block = new byte[4096];
        info.Format(block);
        _medium.TryWrite(0, block);
        device = Open(_medium);
        Assert.True(device.IsReadOnly);
        Assert.Equal(Errno.EROFS, device.TryWrite(0, Sector(device, 6)));
        Assert.Equal(Errno.EROFS, device.TryZero(0));
        Assert.Equal(Errno.None, device.TryRead(0, block));
        Assert.Equal(5UL, ValueOf(block));
    }
}
