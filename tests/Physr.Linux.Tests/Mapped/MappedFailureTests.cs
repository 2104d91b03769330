// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>What would be a SIGBUS is a result, where the kernel copies.</summary>
public sealed class MappedFailureTests : IDisposable
{
    private static readonly int s_page = Environment.SystemPageSize;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(MappedAccess.Read)]
    [InlineData(MappedAccess.ReadWrite)]
    [InlineData(MappedAccess.CopyOnWrite)]
    public void CheckedCopiesSeeWhatLoadsAndStoresWould(MappedAccess access)
    {
        string path = _folder.File("file");
        byte[] expected = MappedFileTests.Pattern((3 * s_page) + 5);
        File.WriteAllBytes(path, expected);
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = access });
        if (access != MappedAccess.Read)
        {
            Assert.Equal(Errno.None, memory.TryCopyFrom("stored"u8, (nuint)s_page - 2, out nuint stored, out string reason));
            Assert.Equal((6u, ""), (stored, reason));
            "stored"u8.CopyTo(expected.AsSpan(s_page - 2));
            Assert.True(memory.ReadOnlySpan(0, expected.Length).SequenceEqual(expected));
        }

        byte[] actual = new byte[expected.Length];
        Assert.Equal(Errno.None, memory.TryCopyTo(0, actual.AsSpan(), out nuint copied, out _));
        Assert.Equal((nuint)expected.Length, copied);
        Assert.Equal(expected, actual);
        Assert.Equal(Errno.None, memory.TryCopyTo(5, default, out copied, out _));
        Assert.Equal(0u, copied);
    }

    [Fact]
    public void AFileThatSomebodyCutIsAResult_AndWhatIsLeftOfItIsCopied()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, MappedFileTests.Pattern(4 * s_page));
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite });
        using (FileStream cutting = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            cutting.SetLength(s_page + 1);
        }

        byte[] bytes = new byte[3 * s_page];
        Assert.Equal(Errno.ENXIO, memory.TryCopyTo((nuint)s_page, bytes.AsSpan(), out nuint copied, out string reason));
        Assert.Equal((nuint)s_page, copied);
        Assert.Equal($"{path}: ENXIO: bytes [{2 * s_page}, {4 * s_page}): somebody cut the file to {s_page + 1} bytes: its bytes from {2 * s_page} on cannot be touched", reason);
        Assert.Equal(MappedFileTests.Pattern(s_page + 1)[s_page..], bytes[..1]);
        Assert.Equal((Errno.ENXIO, (nuint)1), (memory.TryCopyFrom(bytes.AsSpan(0, 9), (nuint)(2 * s_page) - 1, out copied, out _), copied));
        Assert.Equal(Errno.ENXIO, memory.TryPopulate(0, memory.Length, false, out reason));
        Assert.Contains("somebody cut the file", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOMEM, memory.TryLock(0, memory.Length, out reason));
        Assert.Contains("cannot be had at all", reason, StringComparison.Ordinal);
        memory.Populate(0, (nuint)s_page + 1);
    }

    [SkippableFact]
    public void ADiskThatCannotBeReadIsAResult()
    {
        string path = _folder.File("disk");
        File.WriteAllBytes(path, new byte[1 << 20]);
        string device = LoopDevice.Attach(path);
        try
        {
            using MappedMemory memory = MappedMemory.Open(device, new() { Access = MappedAccess.Read });
            Assert.Equal((nuint)1 << 20, memory.Length);
            using (FileStream cutting = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
            {
                cutting.SetLength(1 << 16);
            }

            byte[] bytes = new byte[1 << 18];
            Assert.Equal(Errno.EIO, memory.TryCopyTo(1 << 19, bytes.AsSpan(), out nuint copied, out string reason));
            Assert.Equal(0u, copied);
            Assert.StartsWith($"{device}: EIO: bytes [{1 << 19}, ", reason, StringComparison.Ordinal);
            Assert.Contains("the disk could not be read", reason, StringComparison.Ordinal);
            Assert.Equal(Errno.EIO, memory.TryPopulate(1 << 19, 1, false, out _));
            Assert.Equal(Errno.None, memory.TryCopyTo(0, bytes.AsSpan(0, 1 << 15), out copied, out _));
        }
        finally
        {
            LoopDevice.Detach(device);
        }
    }

    [SkippableFact]
    public void AFullDiskIsAResult_WhereBlocksAreAskedForFirst()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root mounts a disk that is full");
        string disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        Skip.IfNot(LoopDevice.Run("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk) == 0, "this root may not mount");
        try
        {
            string path = Path.Combine(disk, "file");
            MappedMemoryOptions options = new() { Access = MappedAccess.ReadWrite, Length = 1 << 20 };
            Assert.Equal(Errno.ENOSPC, MappedMemory.TryCreate(path, options with { Allocates = true }, out _, out string reason));
            Assert.Contains("could not give it blocks: the disk is full", reason, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(disk));
            using MappedMemory sparse = MappedMemory.Create(path, options);
            Assert.Equal(Errno.EIO, sparse.TryCopyFrom(new byte[1 << 20].AsSpan(), 0, out nuint copied, out reason));
            Assert.Equal((nuint)65536, copied);
            Assert.Contains("has no room", reason, StringComparison.Ordinal);
            sparse.Discard(0, 65536);
            Assert.Equal(Errno.None, sparse.TryCopyFrom(new byte[1 << 16].AsSpan(), 1 << 18, out copied, out reason));
        }
        finally
        {
            Assert.Equal(0, LoopDevice.Run("umount", disk));
        }
    }

    [Fact]
    public void JustWhatIsPersistedIsWritten_AndDisposingWritesNothing()
    {
        // Somebody else may have everything written at any moment (sync): once is enough.
        nuint page = (nuint)s_page;
        (nuint, nuint, nuint) seen = default;
        for (int turn = 0; turn < 10 && seen != (8 * page, 5 * page, 5 * page); turn++)
        {
            string path = _folder.File($"file{turn}");
            using (MappedMemory memory = MappedMemory.Create(path, new() { Access = MappedAccess.ReadWrite, Length = 8 * page, Allocates = true }))
            {
                memory.Window(0, 8 * page).Fill(1);
                memory.Persist(0, 8 * page);
                Assert.Equal(0u, Dirty(memory));
                memory.Window(0, 8 * page).Fill(2);
                seen.Item1 = Dirty(memory);
                memory.Persist(3 * page, 1);
                memory.Persist((5 * page) - 1, 2);
                seen.Item2 = Dirty(memory);
            }

            using MappedMemory again = MappedMemory.Open(path, new() { Access = MappedAccess.Read });
            again.Populate(0, 8 * page);
            seen.Item3 = Dirty(again);
        }

        Assert.Equal((8 * page, 5 * page, 5 * page), seen);
    }

    [SkippableFact]
    public void AWriteBackThatFailedIsNeverTakenBack()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root mounts a disk that is full");
        string folder = Directory.CreateDirectory(_folder.File("disk")).FullName;
        Skip.IfNot(LoopDevice.Run("mount", "-t", "tmpfs", "-o", "size=128k", "none", folder) == 0, "this root may not mount");
        string? device = null;
        try
        {
            string backing = Path.Combine(folder, "backing");
            using (FileStream sparse = File.Create(backing))
            {
                sparse.SetLength(1 << 20);
            }

            device = LoopDevice.Attach(backing);
            using MappedMemory memory = MappedMemory.Open(device, new() { Access = MappedAccess.ReadWrite });
            memory.Window(0, memory.Length).Fill(1);
            Assert.Equal(Errno.None, memory.Failure);
            Errno errno = memory.TryPersist(0, memory.Length, out string reason);
            Assert.True(errno is Errno.EIO or Errno.ENOSPC, reason);
            Assert.StartsWith($"{device}: {errno}: bytes [0, 1048576): the disk ", reason, StringComparison.Ordinal);
            Assert.EndsWith("some stores are not in the file and never will be; map it again to see which", reason, StringComparison.Ordinal);

            // The kernel would tell success now.
            Assert.Equal((errno, errno), (memory.TryPersist(0, 1, out _), memory.Failure));
        }
        finally
        {
            if (device is not null)
            {
                LoopDevice.Detach(device);
            }

            Assert.Equal(0, LoopDevice.Run("umount", folder));
        }
    }

    private static nuint Dirty(MappedMemory memory)
    {
        using MappedView view = memory.View(0, 1);
        SelfMaps map = SelfMaps.At(view.Address)!;
        return map.Bytes("Private_Dirty") + map.Bytes("Shared_Dirty");
    }
}
