// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Files;
using Physr.Linux.Memory;
using Physr.Linux.Tests.Mapped;
using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>What can be a file store, what is refused and how it is put, and what becomes of a file that others change.</summary>
public sealed class FileStoreTests : IDisposable
{
    private const int Page = PageBuffer.Page;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AFileIsMadeWithAllItsBlocks_AndUsedAsItIsTheNextTime()
    {
        string path = _folder.File("store");
        using PageBuffer buffer = new(1);
        buffer.Bytes.Fill(7);
        using (RegionStore region = RegionStore.File(path, 16 * Page, create: true))
        using (PageStore store = StoreFixture.Open(region, 16 * Page))
        {
            Assert.Equal(16 * Page, new FileInfo(path).Length);
            Assert.True(((FileStore)store).File.IsDirect);
            Assert.True(store.IsDurable);
            Assert.Equal(Errno.None, store.Write(3 * Page, buffer.Address, Page));
            Assert.Equal(Errno.None, store.Flush());
        }

        using (RegionStore region = RegionStore.File(path, 8 * Page, create: true))
        {
            Assert.Equal(16 * Page, new FileInfo(path).Length);
            Assert.Equal(8ul * Page, region.Length);
        }

        byte[] bytes = File.ReadAllBytes(path);
        Assert.Equal(Enumerable.Repeat((byte)7, Page), bytes[(3 * Page)..(4 * Page)]);
        Assert.Equal(Page * 7, bytes.Sum(static each => each));
    }

    [Fact]
    public void WhatIsNoStoreIsRefusedByName()
    {
        string small = _folder.File("small");
        File.WriteAllBytes(small, new byte[(2 * Page) - 1]);
        Refused(Errno.EINVAL, "it has 8191 bytes, and 8192 are needed: make it longer (truncate -s 8192)", small);
        Refused(Errno.EISDIR, "it is a folder: a regular file or a block device is needed", _folder.Path);
        Refused(Errno.EINVAL, "it is a character device", "/dev/zero");
        Refused(Errno.ENOENT, "there is no such file", _folder.File("none"));
        Refused(Errno.ENOENT, "there is no such file", _folder.File("none/store"), create: true);
        Refused(Errno.ENOTDIR, "no folder", small + "/store", create: true);
        Assert.Equal(["small"], _folder.Files);
        foreach (ulong length in new ulong[] { 0, 1, Page + 1, ulong.MaxValue - Page + 1 })
        {
            Assert.Equal(Errno.EINVAL, RegionStore.TryFile(small, length, false, false, out _, out string reason));
            Assert.Contains($"{length} bytes is none", reason, StringComparison.Ordinal);
        }

        Assert.Contains("8192 are needed", Assert.Throws<ArgumentException>(() => RegionStore.File(small, 2 * Page)).Message, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOENT, Assert.Throws<PhysrException>(() => RegionStore.File(_folder.File("none"), 2 * Page)).Errno);
    }

    [SkippableFact]
    public void AFileThatMayNotBeWrittenIsRefused()
    {
        // Of this file not even root may open it for writing.
        const string Fixed = "/sys/devices/system/cpu/online";
        Skip.IfNot(File.Exists(Fixed), $"there is no {Fixed}");
        Refused(Errno.EACCES, "this user may not write it", Fixed);
    }

    [Fact]
    public void AFileThatSomebodyElseHasIsRefused_UntilTheLastDescriptorIsClosed()
    {
        string path = _folder.File("store");
        RegionStore region = RegionStore.File(path, 2 * Page, create: true);
        Refused(Errno.EBUSY, "somebody else has it", path);
        PageStore store = StoreFixture.Open(region, 2 * Page);
        region.Dispose();
        Refused(Errno.EBUSY, "somebody else has it", path);
        store.Dispose();
        RegionStore.File(path, 2 * Page).Dispose();
    }

    [SkippableFact]
    public void AFileSystemWithoutAWayPastThePageCacheIsRefused_UnlessThePageCacheWillDo()
    {
        // Large pages have none; nothing of them is taken as long as nobody touches them.
        Errno errno = MemoryFile.TryCreateHuge("huge", 2 << 20, HugePageSize.TwoMebibytes, out MemoryFile? huge, out string reason);
        Skip.If(errno == Errno.ENODEV, reason);
        Assert.True(errno == Errno.None, reason);
        string path = $"/proc/self/fd/{huge!.Handle.DangerousGetHandle()}";
        Refused(Errno.EINVAL, "cannot be read and written past the page cache (O_DIRECT)", path);
        huge.Dispose();

        string file = _folder.File("file");
        File.WriteAllBytes(file, new byte[2 * Page]);
        using SafeFileHandle cached = File.OpenHandle(file, FileMode.Open, FileAccess.ReadWrite);
        Assert.Equal(Errno.EINVAL, PageFile.TryAdopt(cached, 2 * Page, PageFileOptions.None, out _, out reason));
        Assert.Contains("O_DIRECT", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, PageFile.TryAdopt(cached, 2 * Page, PageFileOptions.AllowBuffered, out PageFile? adopted, out _));
        Assert.False(adopted!.IsDirect);
        using PageBuffer buffer = new(2);
        Assert.Equal(Errno.None, adopted.Read(buffer.Address, 2 * Page, 0));
        Assert.False(buffer.Bytes.ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void ADescriptorThatCannotBeAStoreIsRefused_AndClosed()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[2 * Page]);
        StoreSpec spec = new(StoreKind.File, 2 * Page) { Path = path, AllowsBuffered = true };
        (SafeFileHandle Handle, Errno Errno, string Reason)[] wrong =
        [
            (File.OpenHandle(path), Errno.EBADF, "not opened for both reading and writing"),
            (File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite), Errno.EINVAL, "character device"),
            (File.OpenHandle(_folder.Write("small", "text"), FileMode.Open, FileAccess.ReadWrite), Errno.EINVAL, "8192 are needed"),
        ];
        foreach ((SafeFileHandle handle, Errno errno, string expected) in wrong)
        {
            Assert.Equal(errno, PageStore.TryOpen(spec, [handle], 2 * Page, out PageStore? store, out string reason));
            Assert.Null(store);
            Assert.Contains(expected, reason, StringComparison.Ordinal);
            Assert.True(handle.IsClosed);
        }

        Assert.Equal(Errno.EINVAL, PageStore.TryOpen(spec, [], 2 * Page, out _, out string why));
        Assert.Contains("comes with 1 descriptors, and 0 came", why, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, PageStore.TryOpen(spec, [File.OpenHandle(path)], 3 * Page, out _, out why));
        Assert.Contains("the region has 12288 bytes, and its store 8192", why, StringComparison.Ordinal);
    }

    [Fact]
    public void AFileThatIsCutUnderneathIsAnError_AndNotMadeLongAgain()
    {
        string path = _folder.File("store");
        using RegionStore region = RegionStore.File(path, 16 * Page, create: true);
        using PageStore store = StoreFixture.Open(region, 16 * Page);
        using LaneDriver driver = new(store, 4);
        using PageBuffer buffer = new(8);
        Assert.Equal(Errno.None, store.Write(0, buffer.Address, 8 * Page));
        using (FileStream cut = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            cut.SetLength((6 * Page) + 100);
        }

        Assert.Equal(Errno.None, store.Read(0, buffer.Address, 6 * Page));
        Assert.Equal(Errno.EIO, store.Read(4 * Page, buffer.Address, 4 * Page));
        Assert.Contains("the file is shorter than the 65536 bytes that it had", store.LastReason, StringComparison.Ordinal);
        Assert.Equal(Errno.EIO, store.Write(12 * Page, buffer.Address, Page));
        Assert.Equal(Errno.EIO, store.Flush());
        Assert.Equal(Errno.None, driver.Lane.TryRead(1, 4 * Page, buffer.Address, 4 * Page));
        Assert.Equal(Errno.None, driver.Lane.TryRead(2, 12 * Page, buffer.Address + (4 * Page), Page));
        Assert.Equal(Errno.None, driver.Lane.TryRead(3, Page, buffer.Address + (6 * Page), Page));
        Assert.Equal([Errno.EIO, Errno.EIO, Errno.None], driver.Await(3).OrderBy(static end => end.Key).Select(static end => end.Value));
        Assert.Equal(Errno.EIO, driver.Lane.TryWrite(4, 0, buffer.Address, Page));
        Assert.Equal((6 * Page) + 100, new FileInfo(path).Length);
    }

    [SkippableFact]
    public void ABlockDeviceIsAStoreToo()
    {
        string path = _folder.File("disk");
        File.WriteAllBytes(path, new byte[64 * Page]);
        string device = LoopDevice.Attach(path);
        try
        {
            Assert.Equal(Errno.EINVAL, RegionStore.TryFile(device, 65 * Page, false, false, out _, out string reason));
            Assert.Contains("it has 262144 bytes, and 266240 are needed", reason, StringComparison.Ordinal);
            using RegionStore region = RegionStore.File(device, 64 * Page);
            using PageStore store = StoreFixture.Open(region, 64 * Page);
            using LaneDriver driver = new(store, 4);
            using PageBuffer buffer = new(2);
            buffer.Bytes.Fill(9);
            Assert.Equal(Errno.None, region.TryCheckPath(out reason));
            Assert.Equal("", reason);
            Assert.Equal(Errno.None, store.Write(62 * Page, buffer.Address, 2 * Page));
            Assert.Equal(Errno.None, store.Flush());
            buffer.Bytes.Clear();
            Assert.Equal(Errno.None, driver.Lane.TryRead(1, 62 * Page, buffer.Address, 2 * Page));
            Assert.Equal(Errno.None, driver.Await(1)[1]);
            Assert.False(buffer.Bytes.ContainsAnyExcept((byte)9));
        }
        finally
        {
            LoopDevice.Detach(device);
        }
    }

    [Fact]
    public void APathThatNamesAnotherFileByNowIsTold()
    {
        string path = _folder.File("store");
        using RegionStore region = RegionStore.File(path, 2 * Page, create: true);
        Assert.Equal(Errno.None, region.TryCheckPath(out string reason));
        Assert.Equal("", reason);
        File.Move(path, path + ".old");
        Assert.Equal(Errno.ENOENT, region.TryCheckPath(out reason));
        File.WriteAllBytes(path, new byte[2 * Page]);
        Assert.Equal(Errno.EXDEV, region.TryCheckPath(out reason));
        Assert.Contains("names another file now", reason, StringComparison.Ordinal);
        File.Delete(path);
        File.CreateSymbolicLink(path, path + ".old");
        Assert.Equal(Errno.None, region.TryCheckPath(out _));
    }

    private static void Refused(Errno errno, string expected, string path, bool create = false)
    {
        Assert.Equal(errno, RegionStore.TryFile(path, 2 * Page, create, allowBuffered: false, out RegionStore? store, out string reason));
        Assert.Null(store);
        Assert.Contains(expected, reason, StringComparison.Ordinal);
        Assert.StartsWith(path, reason, StringComparison.Ordinal);
    }
}
