// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>Each kind of damage is named, with the place; what can be served is.</summary>
public sealed class FileStoreDamageTests
{
    private const int AreaBytes = 8192;
    private const int FirstArea = 8192;

    [Fact]
    public void OneGoodSuperblock_IsEnough_AndACheckTellsOfTheOther()
    {
        ArrayDevice device = New();
        device.Bytes[20] ^= 1;
        Assert.Contains("superblock at byte 0: its checksum", Assert.Single(device.Mount().Check()), StringComparison.Ordinal);
        device.Bytes[20] ^= 1;
        device.Lost.Add(8);
        Assert.Contains("superblock at byte 4096: its bytes are lost", Assert.Single(device.Mount().Check()), StringComparison.Ordinal);
        device.Lost.Add(0);
        AssertRefused(device, Errno.EIO, "superblock at byte 0: its bytes are lost");
        device.Lost.Clear();
        device.Bytes[20] ^= 1;
        device.Bytes[4096] ^= 1;
        AssertRefused(device, Errno.EUCLEAN, "superblock at byte 4096: no file store begins here");
    }

    [Fact]
    public void AnotherVersion_AndAShorterDevice_AreNamed()
    {
        ArrayDevice device = New();
        AssertRefused(new(device.Bytes[..^4096]), Errno.ENXIO, "was made with 262144 bytes, and the device has 258048");
        AssertRefused(new(device.Bytes[..4096]), Errno.ENXIO, "and the device has 4096");
        AssertRefused(new(new byte[65536]), Errno.EUCLEAN, "no file store begins here");
        for (int copy = 0; copy < 8192; copy += 4096)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(device.Bytes.AsSpan(copy + 8), 2);
            BinaryPrimitives.WriteUInt64LittleEndian(device.Bytes.AsSpan(copy + 56), Checksum.Of(device.Bytes.AsSpan(copy, 56), 0));
        }

        AssertRefused(device, Errno.EOPNOTSUPP, "version 2");
    }

    [Fact]
    public void ALostOrDamagedRecord_IsNamed_AndNotTakenForTheEnd()
    {
        ArrayDevice device = New();
        int second = FirstArea + 64 + 16 + 24;
        device.Bytes[second + 30] ^= 4;
        AssertRefused(device, Errno.EUCLEAN, $"metadata record 1 at byte {second} is damaged, for record 2 behind it is whole");
        device.Bytes[second + 30] ^= 4;
        device.Lost.Add((ulong)FirstArea / 512);
        AssertRefused(device, Errno.EIO, $"the header of metadata area 0 at byte {FirstArea} is lost");
        device.Lost.Clear();
        device.Lost.Add(((ulong)FirstArea / 512) + 1);
        AssertRefused(device, Errno.EIO, "is lost in part");
    }

    [Fact]
    public void LostBytesBehindTheLastRecord_DoNoHarm()
    {
        ArrayDevice device = New();
        for (ulong block = (FirstArea / 512) + 3; block < (FirstArea + AreaBytes) / 512; block++)
        {
            device.Lost.Add(block);
        }

        FileStore store = device.Mount();
        for (int i = 0; i < 60; i++)
        {
            Assert.Equal(Errno.None, store.TryCreate($"more{i}", out _));
        }

        Assert.Equal(60 + 1, device.Mount().List().Count);
    }

    [Fact]
    public void ADamagedNewerArea_IsNotReplacedByTheOlder()
    {
        ArrayDevice device = New();
        FileStore store = device.Mount();
        while (BinaryPrimitives.ReadUInt64LittleEndian(device.Bytes.AsSpan(FirstArea + AreaBytes + 56)) == 0)
        {
            store.TryRename("file", "gone");
            store.TryRename("gone", "file");
        }

        Assert.Empty(device.Mount().Check());
        device.Bytes[FirstArea + AreaBytes + 17] ^= 1;
        AssertRefused(device, Errno.EUCLEAN, "neither metadata area");
        device.Bytes[FirstArea + AreaBytes + 17] ^= 1;
        device.Bytes[FirstArea + AreaBytes + 70] ^= 1;
        AssertRefused(device, Errno.EUCLEAN, $"the checkpoint at byte {FirstArea + AreaBytes} has a checksum");
    }

    [Fact]
    public void TwoFilesWithOneBlock_AreRefused()
    {
        ArrayDevice device = New();
        FileStore store = device.Mount();
        store.TryOpen("file", out StoreFile? file);
        ulong block = file!.Extents[0].Block;
        store.TryCreate("zzz", out StoreFile? other);
        other!.TryWrite(0, [1]);
        ulong tail = BinaryPrimitives.ReadUInt64LittleEndian(device.Bytes.AsSpan(FirstArea + 8));
        Assert.Equal(1UL, tail);

        // The last record gives "zzz" its block: give it the other's, and mend the checksum.
        int record = device.Bytes.AsSpan(0, FirstArea + AreaBytes).LastIndexOfAnyExcept((byte)0);
        record = (record & ~7) - 16 - 56 + 8;
        Span<byte> all = device.Bytes.AsSpan(record, 16 + 56);
        BinaryPrimitives.WriteUInt64LittleEndian(all[64..], block);
        BinaryPrimitives.WriteUInt32LittleEndian(all, Checksum.Of(all[8..], MetadataLog.Seed(7, 1) ^ 56));
        AssertRefused(device, Errno.EUCLEAN, "and somebody has some of them");
        BinaryPrimitives.WriteUInt64LittleEndian(all[64..], 64);
        BinaryPrimitives.WriteUInt32LittleEndian(all, Checksum.Of(all[8..], MetadataLog.Seed(7, 1) ^ 56));
        AssertRefused(device, Errno.EUCLEAN, "blocks 64+1 of file 4 are not all of the data area");
    }

    [Fact]
    public void LostData_IsAnErrorOfItsRangeOnly_AndGoodAgainWhenWritten()
    {
        ArrayDevice device = New();
        FileStore store = device.Mount();
        store.TryOpen("file", out StoreFile? file);
        file!.TryFindBlock(1, out ulong at, out _);
        device.Lost.Add((at / 512) + 1);
        byte[] read = new byte[8192];
        Assert.Equal(Errno.EIO, file.TryRead(0, read, out _));
        Assert.Equal(Errno.None, file.TryRead(0, read.AsSpan(0, 4096), out _));
        Assert.Equal(Errno.None, file.TryRead(4096 + 1024, read.AsSpan(0, 2000), out _));
        Assert.Contains("page 1 in block", Assert.Single(store.Check(true)), StringComparison.Ordinal);
        Assert.Empty(store.Check());

        // A copy of the page needs what is lost, unless it is written over.
        store.TryClone(file, "clone", out StoreFile? clone);
        Assert.Equal(Errno.EIO, clone!.TryWrite(4096, [1]));
        Assert.Equal(Errno.None, clone.TryWrite(4096 + 500, new byte[600]));
        Assert.Equal(Errno.None, clone.TryRead(0, read, out _));
        store.TryUnlink("clone");
        Assert.Equal(Errno.None, file.TryWrite(4096 + 600, new byte[10]));
        Assert.Equal(Errno.EIO, file.TryRead(4096, read.AsSpan(0, 4096), out _));
        Assert.Equal(Errno.None, file.TryWrite(4096 + 512, new byte[512]));
        Assert.Equal(Errno.None, file.TryRead(0, read, out _));
        Assert.Empty(store.Check(true));
    }

    [Fact]
    public void AFormat_ThatIsCutShort_LeavesNoStore_AndRefusesWhatDoesNotFit()
    {
        for (int step = 1; ; step++)
        {
            // The same number as before: nothing of the old store may come back all the same.
            ArrayDevice device = New();
            device.FailAt = device.Steps + step;
            Errno errno = FileStore.TryFormat(device, out string reason, new() { AreaBytes = AreaBytes, Id = 7 });
            if (errno == Errno.None)
            {
                Assert.True(step > 10, "few steps");
                Assert.Empty(device.Mount().List());
                break;
            }

            Assert.NotEqual("", reason);
            errno = FileStore.TryMount(device, out FileStore? store, out _);
            Assert.True(errno != Errno.None || store!.List().Count is 0 or 1, $"step {step}: {store?.List().Count} files");
        }

        Assert.Equal(Errno.ENOSPC, FileStore.TryFormat(new ArrayDevice(new byte[24 << 10]), out _));
        Assert.Equal(Errno.EINVAL, FileStore.TryFormat(new ArrayDevice(new byte[64 << 10]), out _, new() { AreaBytes = 4096 }));
        Assert.Equal(Errno.EINVAL, FileStore.TryFormat(new ArrayDevice(new byte[64 << 10]), out _, new() { AreaBytes = 8193 }));
        Assert.Equal(Errno.EROFS, FileStore.TryFormat(new ArrayDevice(new byte[64 << 10]) { IsReadOnly = true }, out _));
    }

    private static ArrayDevice New()
    {
        FileStore store = ArrayDevice.NewStore(256 << 10, out ArrayDevice device);
        store.TryCreate("file", out StoreFile? file);
        file!.TryWrite(0, [.. Enumerable.Repeat((byte)1, 8192)]);
        store.TryCreate("second", out _);
        store.TryUnlink("second");
        store.TryCreate("second", out _);
        store.TryUnlink("second");
        for (int i = 0; i < 10; i++)
        {
            file.TrySetLength(8192 + (ulong)i);
        }

        store.TryRename("file", "file0");
        store.TryRename("file0", "file");
        return device;
    }

    private static void AssertRefused(ArrayDevice device, Errno expected, string reason)
    {
        byte[] before = [.. device.Bytes];
        Errno errno = FileStore.TryMount(device, out FileStore? store, out string said);
        Assert.Contains(reason, said, StringComparison.Ordinal);
        Assert.Equal(expected, errno);
        Assert.Null(store);
        Assert.Equal(before, device.Bytes);
    }
}
