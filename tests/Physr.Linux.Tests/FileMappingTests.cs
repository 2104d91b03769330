// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Linux.Tests;

/// <summary>Files as memory: what is stored is there, for everybody and afterwards.</summary>
public sealed class FileMappingTests : IDisposable
{
    private const ulong Length = 16 * 4096;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void StoredBytesAreInTheFile_AndThereAgainWhenItIsMappedAgain()
    {
        string path = _folder.File("region");
        byte[] pattern = Pattern(1, (int)Length);
        using (FileMapping made = Create(path))
        {
            Assert.Equal((Length, false, path), (made.Length, made.IsReadOnly, made.Path));
            Assert.False(made.ReadableAt(0, Length).ContainsAnyExcept((byte)0));
            pattern.CopyTo(made.WritableAt(0, Length));
            Assert.Equal(Errno.None, made.TryPersist(0, Length));
            Assert.Equal(pattern, File.ReadAllBytes(path));
        }

        using FileMapping again = Open(path);
        Assert.True(again.ReadableAt(0, Length).SequenceEqual(pattern));
        Assert.Equal(Errno.None, again.Failure);
    }

    [Fact]
    public void AFileGetsAllItsBlocksBeforeItIsMapped()
    {
        string path = _folder.File("sparse");
        using (FileStream sparse = File.Create(path))
        {
            sparse.SetLength((long)Length);
            sparse.Write("kept"u8);
        }

        Assert.True(Blocks(path) < Length / 512);
        using (FileMapping reading = Open(path, isReadOnly: true))
        {
            Assert.True(Blocks(path) < Length / 512);
        }

        using FileMapping mapping = Open(path);
        Assert.True(Blocks(path) >= Length / 512);
        Assert.Equal((long)Length, new FileInfo(path).Length);
        Assert.Equal("kept\0"u8, mapping.ReadableAt(0, 5));
        using FileMapping made = Create(_folder.File("made"));
        Assert.True(Blocks(made.Path) >= Length / 512);
    }

    [Fact]
    public void SpansEndWithTheMapping()
    {
        using FileMapping mapping = Create(_folder.File("region"));
        Assert.Equal(96, mapping.ReadableAt(Length - 96, ulong.MaxValue).Length);
        Assert.Equal(10, mapping.WritableAt(Length - 96, 10).Length);
        Assert.True(mapping.WritableAt(Length, 1).IsEmpty);
        Assert.True(mapping.ReadableAt(ulong.MaxValue, 1).IsEmpty);
        Assert.Equal(Errno.ENXIO, mapping.TryPersist(Length, 1));
        Assert.Equal(Errno.ENXIO, mapping.TryPersist(ulong.MaxValue, 2));
        Assert.Equal(Errno.ENXIO, mapping.TryPopulate(1, Length));
        Assert.Equal(Errno.ENXIO, mapping.TryLockInMemory(0, Length + 1));
        Assert.Equal(Errno.None, mapping.TryPersist(Length, 0));
        Assert.Equal(Errno.None, mapping.TryPersist(Length - 1, 1));
        Assert.Equal(Errno.None, mapping.TryPopulate(5, 5000));
    }

    [SkippableFact]
    public void MoreThanTwoGibibytesAreReachedByOffset()
    {
        const ulong Large = 3UL << 30;
        Errno errno = FileMapping.TryCreate(_folder.File("large"), Large, out FileMapping? mapping, out string reason);
        Skip.If(errno is Errno.ENOSPC or Errno.EFBIG or Errno.EDQUOT, reason);
        Assert.True(errno == Errno.None, reason);
        using (mapping)
        {
            Assert.Equal((int)FileMapping.MaximumSpan, mapping!.ReadableAt(0, Large).Length);
            Assert.Equal((int)(Large - FileMapping.MaximumSpan), mapping.ReadableAt(FileMapping.MaximumSpan, Large).Length);
            foreach (ulong offset in (ulong[])[0, FileMapping.MaximumSpan - 4, FileMapping.MaximumSpan, 1UL << 31, Large - 8])
            {
                BinaryPrimitives.WriteUInt64LittleEndian(mapping.WritableAt(offset, 8) is { Length: 8 } all ? all : default, ~offset);
                Assert.Equal(Errno.None, mapping.TryPersist(offset, 8));
            }
        }

        using FileStream file = File.OpenRead(_folder.File("large"));
        byte[] last = new byte[8];
        Assert.Equal(8, RandomAccess.Read(file.SafeFileHandle, last, (long)Large - 8));
        Assert.Equal(~(Large - 8), BinaryPrimitives.ReadUInt64LittleEndian(last));
    }

    [Fact]
    public void AReadOnlyMappingGivesNoBytesForStores()
    {
        string path = _folder.File("region");
        byte[] pattern = Pattern(2, (int)Length);
        File.WriteAllBytes(path, pattern);
        using FileMapping mapping = Open(path, isReadOnly: true);
        Assert.True(mapping.IsReadOnly);
        Assert.True(mapping.ReadableAt(0, Length).SequenceEqual(pattern));
        Assert.True(mapping.WritableAt(0, 1).IsEmpty);
        Assert.Equal(Errno.EROFS, mapping.TryPersist(0, 1));
        Assert.Equal(Errno.None, mapping.TryPopulate(0, Length));
    }

    [Fact]
    public void WhatIsInForceIsSaid()
    {
        using FileMapping mapping = Create(_folder.File("region"));
        Assert.Equal(mapping.FileSystem.IsDax ? SyncKind.MapSync : SyncKind.Msync, mapping.Sync);
        Assert.False(string.IsNullOrEmpty(mapping.FileSystem.Name));
        Errno errno = FileMapping.TryCreateInMemory("physr-test", Length, out FileMapping? memory, out string reason);
        Assert.True(errno == Errno.None, reason);
        using (memory)
        {
            Assert.Equal(("tmpfs", true, false), (memory!.FileSystem.Name, memory.FileSystem.IsVolatile, memory.FileSystem.IsDax));
            memory.WritableAt(0, 1)[0] = 1;
            Assert.Equal(Errno.None, memory.TryPersist(0, Length));
        }
    }

    [Fact]
    public void AfterDisposalEveryUseIsRefused()
    {
        FileMapping mapping = Create(_folder.File("region"));
        mapping.Dispose();
        mapping.Dispose();
        Assert.Throws<ObjectDisposedException>(() => mapping.ReadableAt(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => mapping.WritableAt(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => mapping.TryPersist(0, 1));
        Assert.Throws<ObjectDisposedException>(() => mapping.TryPersist(Length, 1));
        Assert.Throws<ObjectDisposedException>(() => mapping.TryPopulate(0, 1));
        Assert.Throws<ObjectDisposedException>(() => mapping.TryLockInMemory(0, 1));
        using FileMapping again = Open(mapping.Path);
    }

    internal static FileMapping Create(string path, ulong length = Length)
    {
        Errno errno = FileMapping.TryCreate(path, length, out FileMapping? mapping, out string reason);
        Assert.True(errno == Errno.None && reason.Length == 0, reason);
        return mapping!;
    }

    internal static FileMapping Open(string path, ulong length = 0, bool isReadOnly = false)
    {
        Errno errno = FileMapping.TryOpen(path, length, isReadOnly, out FileMapping? mapping, out string reason);
        Assert.True(errno == Errno.None && reason.Length == 0, reason);
        return mapping!;
    }

    private static byte[] Pattern(int seed, int length)
    {
        byte[] bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static ulong Blocks(string path)
    {
        using Microsoft.Win32.SafeHandles.SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite);
        Assert.Equal(0, Interop.LibC.Statx(file, "", Interop.PathFlags.AT_EMPTY_PATH, Interop.StatxMask.STATX_BASIC_STATS, out Interop.StatxRecord record));
        return record.Blocks;
    }
}
