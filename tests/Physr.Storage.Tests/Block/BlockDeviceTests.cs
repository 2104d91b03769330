// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Tests.Block;

/// <summary>Devices behind one interface, and copies between them.</summary>
public sealed class BlockDeviceTests : IDisposable
{
    private readonly BlockHost _host = new();
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"physr-{Guid.NewGuid():n}");

    public void Dispose()
    {
        _host.Dispose();
        File.Delete(_path);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatIsWrittenIsRead_AgainstAnArrayOfBytes(bool isFile)
    {
        const int Sectors = 256;
        using BlockDevice device = isFile ? OpenFile(Sectors * 512) : _host.Disk("ram0", Sectors * 512);
        byte[] oracle = new byte[Sectors * 512];
        int seed = Environment.TickCount;
        Random random = new(seed);
        for (int i = 0; i < 300; i++)
        {
            int count = random.Next(1, 16);
            int sector = random.Next(Sectors - count);
            Span<byte> memory = _host.Span(0, count * 512);
            switch (random.Next(3))
            {
                case 0:
                    random.NextBytes(memory);
                    memory.CopyTo(oracle.AsSpan(sector * 512));
                    Assert.Equal(BlockStatus.Ok, device.Execute(new Bio(BioOperation.Write, (ulong)sector, BlockHost.At(0, (ulong)memory.Length).All, random.Next(2) == 0 ? BioFlags.ForceUnitAccess : BioFlags.PreFlush)));
                    break;
                case 1:
                    oracle.AsSpan(sector * 512, count * 512).Clear();
                    Assert.Equal(BlockStatus.Ok, device.Execute(new Bio(BioOperation.WriteZeroes, (ulong)sector, (ulong)count)));
                    break;
                default:
                    Assert.Equal(BlockStatus.Ok, device.Execute(new Bio(BioOperation.Read, (ulong)sector, BlockHost.At(0, (ulong)memory.Length).All)));
                    Assert.True(memory.SequenceEqual(oracle.AsSpan(sector * 512, memory.Length)), $"seed {seed}, step {i}");
                    break;
            }
        }

        Assert.Equal(BlockStatus.Ok, device.Execute(new Bio(BioOperation.Flush, 0, 0UL)));
    }

    [Fact]
    public void MemoryThatTheCpuCannotReachIsRefused()
    {
        using DaxBlockDevice disk = _host.Disk("ram0", 8192);
        RangeList nowhere = RangeList.Of(new(new(1UL << 40), 512));
        Assert.Equal(BlockStatus.Invalid, disk.Execute(new Bio(BioOperation.Write, 0, nowhere.All)));
        Assert.Equal(BlockStatus.Invalid, disk.Execute(new Bio(BioOperation.Read, 0, nowhere.All)));
    }

    [Fact]
    public void LostBytesFailTheRead_AndAWriteMendsThem()
    {
        MemoryMedia medium = new("pmem0", 1 << 20);
        using DaxBlockDevice disk = new(new MediaDaxDevice(medium, new(16UL << 30)), _host.Bytes);
        medium.Errors.Inject(1024, 1);
        Assert.Equal(BlockStatus.Medium, disk.Execute(new Bio(BioOperation.Read, 0, BlockHost.At(0, 4096).All)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new Bio(BioOperation.Read, 3, BlockHost.At(0, 512).All)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new Bio(BioOperation.Write, 2, BlockHost.At(0, 512).All)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new Bio(BioOperation.Read, 0, BlockHost.At(0, 4096).All)));
        Assert.True(medium.Errors.IsEmpty);
        medium.Dispose();
    }

    [Fact]
    public void R85a_SectorsBecomeRangesAndRangesSectors_WithinADevice()
    {
        using DaxBlockDevice disk = _host.Disk("pmem0", 1 << 20, provider: 3);
        using RangeListBuilder list = RangeListBuilder.Rent();
        Assert.Equal(Errno.None, disk.Dax.TryDirectAccess(5 * 512, 1024, DirectAccess.Write, list, out _));
        ProvidedRange range = list.Build().Seek(0);
        Assert.Equal(3u, range.Provider.Value);
        Assert.True(disk.Dax.TryFindOffset(range.Range.Start, out ulong offset));
        Assert.Equal(5UL * 512, offset);
        Assert.False(disk.Dax.TryFindOffset(new(4), out _));
    }

    [Theory]
    [InlineData(1UL << 20, 1UL)]
    [InlineData((1UL << 20) - 512, 513UL)]
    [InlineData(ulong.MaxValue, 2UL)]
    public void R85c_OutOfRangeIsRefused_AndTheListStays(ulong offset, ulong length)
    {
        using DaxBlockDevice disk = _host.Disk("pmem0", 1 << 20);
        using RangeListBuilder list = RangeListBuilder.Rent();
        Assert.Equal(Errno.ENXIO, disk.Dax.TryDirectAccess(offset, length, DirectAccess.Read, list, out string reason));
        Assert.Contains("pmem0", reason, StringComparison.Ordinal);
        Assert.Equal(0UL, list.Length);
    }

    [Fact]
    public void R86b_SectorsGoToSectorsByRanges_WithoutMemoryBetween()
    {
        using DaxBlockDevice source = _host.Disk("pmem0", 1 << 20);
        using DaxBlockDevice target = _host.Disk("pmem1", 1 << 20);
        Fill(source, 7);
        BlockCopyResult result = new BlockCopy(source, target).Execute(4, 12, 100);
        Assert.Equal(new(BlockStatus.Ok, BlockCopyRoute.FromRanges, 51200, 0, ""), result);
        Assert.Equal(Bytes(source, 4, 100), Bytes(target, 12, 100));
    }

    [Fact]
    public void ADeviceThatIsNoMemoryFillsTheOnesThatAre_AndTwoSuchBounce()
    {
        using BlockDevice file = OpenFile(1 << 20);
        using DaxBlockDevice pmem = _host.Disk("pmem0", 1 << 20);
        LaterDevice other = new(2048, new(), _host.Bytes);
        Fill(pmem, 9);
        Assert.Equal(BlockCopyRoute.FromRanges, new BlockCopy(pmem, file).Execute(0, 8, 64).Route);
        using DaxBlockDevice back = _host.Disk("pmem1", 1 << 20);
        Assert.Equal(BlockCopyRoute.IntoRanges, new BlockCopy(file, back).Execute(8, 0, 64).Route);
        Assert.Equal(Bytes(pmem, 0, 64), Bytes(back, 0, 64));

        BlockCopyResult refused = new BlockCopy(file, other).Execute(8, 0, 64);
        Assert.Equal(BlockStatus.NotSupported, refused.Status);
        Assert.Contains("neither device is memory", refused.Reason, StringComparison.Ordinal);
        BlockCopyResult bounced = new BlockCopy(file, other, BlockHost.At(1 << 20, 8192)).Execute(8, 0, 64);
        Assert.Equal((BlockStatus.Ok, 64UL * 512), (bounced.Status, bounced.BouncedBytes));
        Assert.True(other.Bytes[..(64 * 512)].SequenceEqual(Bytes(pmem, 0, 64)));
    }

    [Fact]
    public void AFileThatIsMissingShortOrReadOnlyIsNamed_AndNothingIsWritten()
    {
        Assert.Equal(Errno.ENOENT, FileBlockDevice.Open(_path, isReadOnly: false, _host.Bytes, out _, out string missing));
        Assert.Contains(_path, missing, StringComparison.Ordinal);
        File.WriteAllBytes(_path, new byte[5000]);
        Assert.Equal(Errno.EINVAL, FileBlockDevice.Open(_path, isReadOnly: false, _host.Bytes, out _, out string shorter, length: 8192));
        Assert.Contains("4608 bytes", shorter, StringComparison.Ordinal);
        Assert.Equal(Errno.None, FileBlockDevice.Open(_path, isReadOnly: true, _host.Bytes, out FileBlockDevice? device, out _));
        Assert.Equal(BlockStatus.Protection, device!.Execute(new Bio(BioOperation.Write, 0, BlockHost.At(0, 512).All)));
        Assert.Equal(BlockStatus.Ok, device.Execute(new Bio(BioOperation.Read, 0, BlockHost.At(0, 512).All)));
        device.Dispose();
        Assert.Equal(5000, new FileInfo(_path).Length);
    }

    [Fact]
    public void AFileThatIsCutBelowADeviceFailsTheRead()
    {
        using BlockDevice file = OpenFile(1 << 16);
        using (FileStream cut = new(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            cut.SetLength(4096);
        }

        Assert.Equal(BlockStatus.Medium, file.Execute(new Bio(BioOperation.Read, 16, BlockHost.At(0, 512).All)));
    }

    [Fact]
    public void AFullDiskIsSaidToBeFull()
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        IOException failure = Assert.Throws<IOException>(() => RandomAccess.Write(full, new byte[512], 0));
        Assert.Equal(BlockStatus.NoSpace, FileBlockDevice.StatusOf(failure));
    }

    [Fact]
    public void ReadsAndWritesOfMemoryAllocateNothing_ButTheRequest()
    {
        using DaxBlockDevice disk = _host.Disk("ram0", 1 << 20);
        RangeListView data = BlockHost.At(0, 4096).All;
        Bio[] bios = [.. Enumerable.Range(0, 64).Select(i => new Bio(i % 2 == 0 ? BioOperation.Write : BioOperation.Read, 8, data))];
        disk.Submit(bios[0]);
        disk.Submit(bios[1]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 2; i < bios.Length; i++)
        {
            disk.Submit(bios[i]);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private FileBlockDevice OpenFile(int bytes)
    {
        File.WriteAllBytes(_path, new byte[bytes]);
        Assert.Equal(Errno.None, FileBlockDevice.Open(_path, isReadOnly: false, _host.Bytes, out FileBlockDevice? device, out _));
        return device!;
    }

    private static void Fill(DaxBlockDevice device, int seed)
    {
        byte[] bytes = new byte[1 << 20];
        new Random(seed).NextBytes(bytes);
        Assert.Equal(Errno.None, device.Dax.TryWrite(0, bytes));
    }

    private static byte[] Bytes(DaxBlockDevice device, int sector, int sectors)
    {
        byte[] bytes = new byte[sectors * 512];
        Assert.Equal(Errno.None, device.Dax.TryRead((ulong)sector * 512, bytes));
        return bytes;
    }
}
