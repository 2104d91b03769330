// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>What each operation does and refuses.</summary>
public sealed class FileStoreTests
{
    [Fact]
    public void Names_AreOneFlatSpace()
    {
        FileStore store = ArrayDevice.NewStore(256 << 10, out ArrayDevice device);
        Assert.Equal(Errno.None, store.TryCreate("a", out StoreFile? a));
        Assert.Equal(Errno.EEXIST, store.TryCreate("a", out _));
        Assert.Equal(Errno.ENOENT, store.TryOpen("b", out _));
        Assert.Equal(Errno.ENOENT, store.TryUnlink("b"));
        Assert.Equal(Errno.ENOENT, store.TryRename("b", "c"));
        foreach (string bad in new[] { "", "x/y", "x\0y", new string('x', 256), new string('ü', 128), "\ud800" })
        {
            Assert.Equal(Errno.EINVAL, store.TryCreate(bad, out _));
            Assert.Equal(Errno.EINVAL, store.TryRename("a", bad));
        }

        Assert.Equal(Errno.None, store.TryCreate(new string('x', 255), out _));
        Assert.Equal(Errno.None, store.TryCreate("ü", out StoreFile? umlaut));
        umlaut!.TryWrite(0, [7]);
        Assert.Equal(Errno.None, store.TryRename("a", "a"));
        Assert.Equal(Errno.None, store.TryRename("a", "ü"));
        Assert.Equal("ü", a!.Name);
        Assert.Equal(Errno.EBADF, umlaut.TryWrite(0, [8]));
        Assert.Equal(Errno.EBADF, umlaut.TryRead(0, new byte[1], out _));
        Assert.Equal(Errno.EBADF, store.TryClone(umlaut, "z", out _));
        Assert.Equal([new string('x', 255), "ü"], store.List());
        Assert.Equal(store.List(), device.Mount().List());
        ulong id = a.Id;
        Assert.Equal(Errno.None, store.TryUnlink("ü"));
        store = device.Mount();
        Assert.Equal(Errno.None, store.TryCreate("new", out StoreFile? last));
        Assert.True(last!.Id > id && last.Id > umlaut.Id, "a number was given twice");
        Assert.Equal(store.DataBlocks, store.FreeBlocks);
    }

    [Fact]
    public void WhatLiesBehindTheEnd_IsNeverSeen()
    {
        FileStore store = ArrayDevice.NewStore(256 << 10, out ArrayDevice device);
        store.TryCreate("a", out StoreFile? file);
        file!.TryWrite(0, [.. Enumerable.Repeat((byte)9, 4096)]);
        file.TrySetLength(10);
        file.TryFindBlock(0, out ulong at, out _);
        Assert.Equal(0, device.Bytes[at + 10]);

        // As if somebody had stored through a mapping of the page.
        device.Bytes[at + 20] = 1;
        Assert.Equal(Errno.None, file.TrySetLength(100));
        Assert.Equal(9, Read(file, 9));
        Assert.Equal(0, Read(file, 20));
        device.Bytes[at + 120] = 1;
        Assert.Equal(Errno.None, file.TryWrite(200, [3]));
        Assert.Equal(0, Read(file, 120));
        device.Bytes[at + 300] = 1;
        Assert.Equal(Errno.None, file.TryAllocate(8192, 5));
        Assert.Equal(0, Read(file, 300));
        file.TrySetLength(400);
        store.TryClone(file, "b", out StoreFile? clone);
        device.Bytes[at + 500] = 1;
        Assert.Equal(Errno.None, clone!.TrySetLength(600));
        Assert.Equal(0, Read(clone, 500));
        Assert.Equal(9, Read(clone, 3));
        Assert.Equal(0, Read(file, 399));
        Assert.Equal(400UL, file.Length);
        Assert.Empty(store.Check(true));
    }

    [Fact]
    public void AFullDevice_SaysSo_AndChangesNothing()
    {
        FileStore store = ArrayDevice.NewStore(128 << 10, out ArrayDevice device);
        store.TryCreate("a", out StoreFile? file);
        file!.TryWrite(0, new byte[store.FreeBlocks * 4096 / 2]);
        store.TryClone(file, "b", out StoreFile? clone);
        ulong free = store.FreeBlocks;
        int steps = device.Steps;
        Assert.Equal(Errno.ENOSPC, file.TryWrite(4096, new byte[(store.DataBlocks + 1) * 4096]));
        Assert.Equal(Errno.ENOSPC, file.TryAllocate(0, FileStore.MostFileBytes));
        Assert.Equal(Errno.EINVAL, file.TryAllocate(1, FileStore.MostFileBytes));
        Assert.Equal(Errno.EINVAL, file.TryWrite(FileStore.MostFileBytes, [1]));
        Assert.Equal(Errno.EINVAL, file.TrySetLength(FileStore.MostFileBytes + 1));
        Assert.Equal(free, store.FreeBlocks);
        Assert.Equal(steps, device.Steps);
        Assert.Equal(Errno.None, file.TrySetLength(FileStore.MostFileBytes));
        store.TryCreate("rest", out StoreFile? rest);
        Assert.Equal(Errno.None, rest!.TryAllocate(0, store.FreeBlocks * 4096));
        Assert.Equal(0UL, store.FreeBlocks);
        Assert.Equal(Errno.ENOSPC, clone!.TryWrite(5, [1]));
        Assert.Equal(Errno.ENOSPC, clone.TryPunchHole(5, 4096));
        Assert.Equal(Errno.None, clone.TryPunchHole(4096, 4096));
        Assert.Equal(0UL, store.FreeBlocks);
        Assert.Equal(Errno.None, rest.TryWrite(5, [1]));
        Assert.Equal(Errno.None, store.TryUnlink("rest"));
        Assert.Equal(Errno.None, clone.TryWrite(5, [1]));
        Assert.Empty(device.Mount().Check(true));
    }

    [Fact]
    public void WithoutRoomForMetadata_NothingGrows_AndAllCanShrink()
    {
        FileStore store = ArrayDevice.NewStore(1 << 20, out ArrayDevice device);
        store.TryCreate("a", out StoreFile? file);
        store.TryCreate("1", out _);
        store.TryCreate("2", out _);
        store.TryCreate("5", out _);
        Errno errno = file!.TrySetLength(1 << 20);
        for (ulong page = 0; errno == Errno.None; page += 2)
        {
            errno = file.TryAllocate(page * 4096, 4096);
        }

        Assert.Equal(Errno.ENOSPC, errno);
        Assert.True(store.FreeBlocks > 10, "it was the device that was full");
        while (store.TryCreate($"{store.List().Count}", out _) == Errno.None)
        {
        }

        Assert.Equal(Errno.ENOSPC, store.TryClone(file, "z", out _));
        device.Mount().Check();
        Assert.Equal(Errno.None, file.TryPunchHole(0, 8 * 4096));
        Assert.Equal(Errno.None, store.TryRename("1", "5"));
        Assert.Equal(Errno.None, file.TrySetLength(12 * 4096));
        Assert.Equal(Errno.None, store.TryUnlink("2"));
        Assert.Equal(Errno.None, store.TryClone(file, "z", out _));
        Assert.Empty(device.Mount().Check());
    }

    [Fact]
    public void AReadOnlyStore_Serves_AndStoresNothing()
    {
        FileStore store = ArrayDevice.NewStore(256 << 10, out ArrayDevice device);
        store.TryCreate("a", out StoreFile? file);
        file!.TryWrite(0, [1, 2, 3]);
        foreach (bool isDevice in new[] { false, true })
        {
            device.IsReadOnly = isDevice;
            int steps = device.Steps;
            Assert.Equal(Errno.None, FileStore.TryMount(device, out FileStore? mounted, out _, !isDevice));
            Assert.True(mounted!.IsReadOnly, "changes are allowed");
            mounted.TryOpen("a", out file);
            Assert.Equal(3, Read(file!, 2));
            Assert.Equal(Errno.EROFS, file!.TryWrite(0, [1]));
            Assert.Equal(Errno.EROFS, file.TrySetLength(1));
            Assert.Equal(Errno.EROFS, file.TryPunchHole(0, 1));
            Assert.Equal(Errno.EROFS, file.TryAllocateBlock(0, out _));
            Assert.Equal(Errno.EROFS, mounted.TryCreate("b", out _));
            Assert.Equal(Errno.EROFS, mounted.TryUnlink("a"));
            Assert.Equal(Errno.EROFS, mounted.TryRename("a", "b"));
            Assert.Equal(Errno.EROFS, mounted.TryClone(file, "b", out _));
            Assert.Equal(Errno.None, file.TrySync());
            Assert.Empty(mounted.Check(true));
            Assert.Equal(steps, device.Steps);
        }
    }

    [Fact]
    public void ASparseFile_TakesBlocksForWhatIsWritten()
    {
        FileStore store = ArrayDevice.NewStore(256 << 10, out _);
        store.TryCreate("a", out StoreFile? file);
        ulong free = store.FreeBlocks;
        Assert.Equal(Errno.None, file!.TryWrite(1UL << 40, [1]));
        Assert.Equal(free - 1, store.FreeBlocks);
        Assert.Equal((1UL << 40) + 1, file.Length);
        Assert.Equal(0, Read(file, 12345));
        Assert.Equal(Errno.None, file.TryPunchHole(0, ulong.MaxValue));
        Assert.Equal(free, store.FreeBlocks);
        Assert.Equal(Errno.EINVAL, file.TryPunchHole(0, 0));
        Assert.Equal(Errno.None, file.TryWrite(3, []));
        Assert.Equal(free, store.FreeBlocks);
    }

    [Fact]
    public void DataThatStaysWhereItIs_IsReadAndWrittenWithoutAllocating()
    {
        FileStore store = ArrayDevice.NewStore(256 << 10, out ArrayDevice device);
        store.TryCreate("a", out StoreFile? file);
        byte[] bytes = new byte[40_000];
        file!.TryWrite(0, bytes);
        Errno errno = file.TryWrite(100, bytes.AsSpan(200));
        errno |= file.TryRead(0, bytes, out _);
        int writes = device.Writes;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            errno |= file.TryWrite(100, bytes.AsSpan(200));
            errno |= file.TryRead(0, bytes, out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(Errno.None, errno);
        Assert.Equal(100, device.Writes - writes);
    }

    private static byte Read(StoreFile file, ulong at)
    {
        byte[] one = new byte[1];
        Assert.Equal(Errno.None, file.TryRead(at, one, out int count));
        Assert.Equal(1, count);
        return one[0];
    }
}
