// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>The info block at 4 KiB of a namespace: its bytes, and what a damaged one leads to.</summary>
public sealed class InfoBlockTests : IDisposable
{
    private readonly PmemHost _host = new(64 * MiB);

    public void Dispose() => _host.Dispose();

    [Fact]
    public void ItHoldsWhatTheFormatSays()
    {
        PmemNamespace fsdax = _host.Create(new(NamespaceMode.FsDax) { Size = 32 * MiB, Map = MapLocation.Device });
        _host.Create(new(NamespaceMode.DevDax) { Size = 32 * MiB });
        byte[] block = Block(0);
        Assert.Equal("NVDIMM_PFN_INFO\0"u8.ToArray(), block[..16]);
        Assert.Equal(fsdax.Uuid, new Guid(block.AsSpan(32, 16), bigEndian: true));
        Assert.Equal(0x0004_0001U, U32(block, 52));
        Assert.Equal(2 * MiB, BinaryPrimitives.ReadUInt64LittleEndian(block.AsSpan(56)));
        Assert.Equal(30 * MiB / 4096, BinaryPrimitives.ReadUInt64LittleEndian(block.AsSpan(64)));
        Assert.Equal([2U, 0U, 0U, 2097152U, 4096U, 64U], Enumerable.Range(0, 6).Select(i => U32(block, 72 + (4 * i))));
        Assert.Equal("NVDIMM_DAX_INFO\0"u8.ToArray(), Block(32 * MiB)[..16]);
    }

    [Theory]
    [InlineData(0, "does not begin")]
    [InlineData(70, "checksum")]
    [InlineData(4090, "checksum")]
    public void ADamagedOneIsNamed_AndNothingIsWritten(int at, string part)
    {
        PmemNamespace fsdax = _host.Create(new(NamespaceMode.FsDax));
        byte[] block = Block(0);
        block[at] ^= 1;
        _host.Image.TryWrite(4096, block);
        Assert.Equal(Errno.EUCLEAN, fsdax.TryEnable(out string reason));
        Assert.Contains(part, reason, StringComparison.Ordinal);
        Assert.Contains("4096", reason, StringComparison.Ordinal);
        Assert.Equal(block, Block(0));
        Assert.False(fsdax.IsEnabled);
        Assert.Equal(0, _host.Map.DescriptorCount);
    }

    [Fact]
    public void OneOfAnotherNamespaceOrModeIsNamed()
    {
        PmemNamespace a = _host.Create(new(NamespaceMode.FsDax) { Size = 8 * MiB });
        PmemNamespace b = _host.Create(new(NamespaceMode.FsDax) { Size = 8 * MiB });
        PmemNamespace c = _host.Create(new(NamespaceMode.DevDax) { Size = 8 * MiB });
        _host.Image.TryWrite((8 * MiB) + 4096, Block(0));
        _host.Image.TryWrite((16 * MiB) + 4096, Block(0));
        Assert.Equal(Errno.EUCLEAN, b.TryEnable(out string reason));
        Assert.Contains($"belongs to namespace {a.Uuid}", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EUCLEAN, c.TryEnable(out reason));
        Assert.Contains("DevDax", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void ALostOneIsAnIoError()
    {
        PmemNamespace fsdax = _host.Create(new(NamespaceMode.FsDax));
        _host.Image.Errors.Inject(4096 + 512, 1);
        Assert.Equal(Errno.EIO, fsdax.TryEnable(out string reason));
        Assert.Contains("cannot be read", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, fsdax.TryReconfigure(new(NamespaceMode.FsDax), out _));
        Assert.Equal(Errno.None, fsdax.TryEnable(out _));
    }

    [Theory]
    [InlineData(52, 2, Errno.EOPNOTSUPP, "version 2.4")]
    [InlineData(88, 65536, Errno.EOPNOTSUPP, "pages of 65536")]
    [InlineData(92, 128, Errno.EOPNOTSUPP, "descriptors of 128")]
    [InlineData(72, 0, Errno.EUCLEAN, "map 0")]
    [InlineData(84, 65536, Errno.EUCLEAN, "alignment 65536")]
    [InlineData(56, 4096, Errno.EUCLEAN, "aligned")]
    [InlineData(60, 1, Errno.EUCLEAN, "do not fit")]
    [InlineData(76, 4096, Errno.EUCLEAN, "aligned")]
    [InlineData(80, 0x7FFF_F000, Errno.EUCLEAN, "do not fit")]
    [InlineData(64, 1 << 20, Errno.EUCLEAN, "1048576 pages")]
    [InlineData(64, 0, Errno.EUCLEAN, "0 pages")]
    public void OneThatIsWholeButSaysTheImpossibleIsNamed(int at, int value, Errno expected, string part)
    {
        PmemNamespace fsdax = _host.Create(new(NamespaceMode.FsDax));
        byte[] block = Block(0);
        BinaryPrimitives.WriteUInt16LittleEndian(block.AsSpan(at), (ushort)value);
        if (at is not (52 or 92))
        {
            BinaryPrimitives.WriteInt32LittleEndian(block.AsSpan(at), value);
        }

        Fletcher64.Seal(block, 4088);
        _host.Image.TryWrite(4096, block);
        Assert.Equal(expected, fsdax.TryEnable(out string reason));
        Assert.Contains(part, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void OlderVersionsAreRead()
    {
        PmemNamespace fsdax = _host.Create(new(NamespaceMode.FsDax));
        byte[] block = Block(0);
        block[54] = 0;
        block.AsSpan(76, 20).Fill(0xEE);
        Fletcher64.Seal(block, 4088);
        _host.Image.TryWrite(4096, block);
        Assert.Equal(Errno.None, fsdax.TryEnable(out string reason));
        Assert.Empty(reason);
        Assert.Equal(2 * MiB, fsdax.Layout!.Value.Align);
    }

    [Fact]
    public void AStartPadOfAnOlderKernelIsHonoured()
    {
        PmemNamespace fsdax = _host.Create(new(NamespaceMode.FsDax));
        byte[] block = Block(0);
        BinaryPrimitives.WriteUInt32LittleEndian(block.AsSpan(76), (uint)(4 * MiB));
        BinaryPrimitives.WriteUInt64LittleEndian(block.AsSpan(64), 58 * MiB / 4096);
        Fletcher64.Seal(block, 4088);
        _host.Image.TryWrite(4096, block);
        Assert.Equal(Errno.None, fsdax.TryEnable(out string reason));
        Assert.Empty(reason);
        Assert.Equal(fsdax.Range.Start.Add(6 * MiB), fsdax.DataRange.Start);
        Assert.Equal(58 * MiB, fsdax.DataRange.Length);
    }

    [Theory]
    [InlineData(NamespaceMode.FsDax)]
    [InlineData(NamespaceMode.DevDax)]
    public void MutatedBlocksNeverThrow_AndNeverReachBeyondTheNamespace(NamespaceMode mode)
    {
        PmemNamespace each = _host.Create(new(mode) { Size = 32 * MiB });
        byte[] good = Block(0);
        int enabled = 0;
        for (int seed = 0; seed < 6000; seed++)
        {
            Random random = new(seed);
            byte[] bad = [.. good];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                int at = random.Next(48, 96);
                bad[at] = random.Next(3) switch { 0 => (byte)random.Next(), 1 => (byte)(bad[at] ^ (1 << random.Next(8))), _ => 0xFF };
            }

            Fletcher64.Seal(bad, 4088);
            _host.Image.TryWrite(4096, bad);
            Errno errno = each.TryEnable(out string reason);
            Assert.True(errno == Errno.None || reason.Length != 0, $"seed {seed}");
            if (errno == Errno.None)
            {
                enabled++;
                Assert.True(each.Range.Contains(each.DataRange), $"seed {seed}: {each.DataRange}");
                Assert.True(each.DataRange.Start.Value >= each.Range.Start.Value + 8192, $"seed {seed}");
                Assert.Equal(Errno.None, each.TryDisable(out _));
            }

            Assert.Equal(0, _host.Map.DescriptorCount);
        }

        Assert.InRange(enabled, 1, 5999);
    }

    private static uint U32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private byte[] Block(ulong at)
    {
        byte[] block = new byte[4096];
        Assert.Equal(Errno.None, _host.Image.TryRead(at + 4096, block));
        return block;
    }
}
