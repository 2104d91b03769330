// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>Mapped files: who sees what is stored.</summary>
public sealed class MappedFileTests : IDisposable
{
    private static readonly nuint s_page = (nuint)Environment.SystemPageSize;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatIsStoredIsInTheFile_AndAnyLengthCanBeMapped()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, Pattern(10_000));
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite });
        Assert.Equal(((nuint)10_000, path, s_page, false), (memory.Length, memory.Name, memory.PageBytes, memory.IsReadOnly));
        Assert.True(memory.ReadOnlySpan(0, 10_000).SequenceEqual(Pattern(10_000)));
        memory.Span(9_998, 2).Fill(1);
        using (MappedView view = memory.View(5, 3))
        {
            "abc"u8.CopyTo(view.Span);
            Assert.Equal(((nuint)5, (nuint)3), (view.Offset, view.Length));
            Assert.True(view.ReadOnlyWindow.SequenceEqual("abc"u8));
        }

        byte[] file = File.ReadAllBytes(path);
        Assert.Equal([.. "abc"u8, 1, 1], (byte[])[.. file[5..8], .. file[9_998..]]);
    }

    [Fact]
    public void CopyOnWriteNeverReachesTheFile_AndDiscardingGivesItsBytesBack()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, Pattern(8192));
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.CopyOnWrite });
        memory.Span(0, 8192).Clear();
        Assert.Equal(Pattern(8192), File.ReadAllBytes(path));
        memory.Discard(4096, 4096);
        Assert.True(memory.ReadOnlySpan(4096, 4096).SequenceEqual(Pattern(8192).AsSpan(4096)));
        Assert.False(memory.ReadOnlySpan(0, 4096).ContainsAnyExcept((byte)0));
        Assert.Equal(Errno.EINVAL, memory.TryPersist(0, 1, out string reason));
        Assert.Contains("stores go to no file", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void AReadOnlyMappingGivesNoBytesForStores()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, Pattern(4096));
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.Read });
        using MappedView view = memory.View(0, 4096);
        Assert.True(memory.IsReadOnly && view.IsReadOnly);
        Assert.True(view.ReadOnlySpan.SequenceEqual(Pattern(4096)) && view.ReadOnlyMemory.Span.SequenceEqual(Pattern(4096)) && memory.AsReadOnlyMemory(1, 1).Span[0] == Pattern(2)[1]);
        foreach (Func<object> use in (Func<object>[])[() => memory.Span(0, 1).Length, () => memory.Window(0, 1).Length, () => memory.AsMemory(0, 1), () => view.Span.Length, () => view.Window.Length, () => view.Memory])
        {
            Assert.Contains("it is mapped for reading", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal);
        }

        Assert.Equal(Errno.EROFS, memory.TryPersist(0, 1, out _));
        Assert.Equal(Errno.EROFS, memory.TryDiscard(0, 4096, out _));
        Assert.Equal(Errno.EROFS, memory.TryPopulate(0, 1, forStores: true, out _));
        Assert.Equal(Errno.EROFS, memory.TryCopyFrom("a"u8, 0, out _, out string reason));
        Assert.Contains("ReadWrite or CopyOnWrite", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void APartOfAFileIsMapped_FromAPageOn()
    {
        string path = _folder.File("file");
        byte[] pattern = Pattern(5 * (int)s_page);
        File.WriteAllBytes(path, pattern);
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite, Offset = 2 * s_page, Length = s_page + 7 });
        Assert.True(memory.ReadOnlySpan(0, (int)memory.Length).SequenceEqual(pattern.AsSpan(2 * (int)s_page, (int)s_page + 7)));
        using MappedMemory rest = MappedMemory.Open(path, new() { Offset = 3 * s_page });
        Assert.Equal(2 * s_page, rest.Length);
    }

    [Fact]
    public void AFileGrowsWhereThatIsAsked_WithItsBlocksOrWithout()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, [1, 2, 3]);
        using (MappedMemory sparse = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite, Length = 1 << 20, Extends = true }))
        {
            Assert.Equal((1L << 20, (byte)3), (new FileInfo(path).Length, sparse.ReadOnlySpan(0, 3)[2]));
        }

        Assert.True(Blocks(path) < (1 << 20) / 512);
        using MappedMemory full = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite, Length = 1 << 20, Allocates = true });
        Assert.True(Blocks(path) >= (1 << 20) / 512);
        using MappedMemory made = MappedMemory.Create(_folder.File("made"), new() { Access = MappedAccess.ReadWrite, Length = 5000 });
        Assert.Equal(5000, new FileInfo(made.Name).Length);
    }

    [Fact]
    public void AnOpenFileIsMapped_AndMayBeClosedAtOnce()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, Pattern(100));
        MappedMemory memory;
        using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            memory = MappedMemory.Open(file, new() { Access = MappedAccess.ReadWrite });
        }

        using (memory)
        {
            memory.Span(0, 1)[0] = 77;
            Assert.Equal((path, 77), (memory.Name, File.ReadAllBytes(path)[0]));
            memory.Resize(200);
            Assert.Equal(200, new FileInfo(path).Length);
        }

        using SafeFileHandle reading = File.OpenHandle(path);
        Assert.Equal(Errno.EACCES, MappedMemory.TryOpen(reading, new() { Access = MappedAccess.ReadWrite }, out _, out string reason));
        Assert.Contains("it was not opened for reading and writing", reason, StringComparison.Ordinal);
        MappedMemory.Open(reading, new() { Access = MappedAccess.CopyOnWrite }).Dispose();
    }

    [Fact]
    public void AFileInMemoryIsSharedByItsDescriptor_AndCannotBeCut()
    {
        using MappedMemory memory = MappedMemory.CreateInMemory("physr-mapped", new() { Access = MappedAccess.ReadWrite, Length = 5000 });
        using MappedMemory other = MappedMemory.Open(memory.File!, new() { Access = MappedAccess.ReadWrite });
        memory.Span(0, 5000).Fill(3);
        Assert.False(other.ReadOnlySpan(0, 5000).ContainsAnyExcept((byte)3));
        Assert.NotEqual(0, Interop.LibC.Ftruncate(memory.File!, 0));
        memory.Resize(1 << 20);
        Assert.Equal(0, memory.ReadOnlySpan((1 << 20) - 1, 1)[0]);
        memory.Persist(0, 1);
    }

    [Fact]
    public void WindowsReachAllOfASparseFileOfMoreThanTwoGibibytes()
    {
        string path = _folder.File("large");
        nuint length = unchecked((nuint)(3UL << 30)) + 17;
        using (MappedMemory memory = MappedMemory.Create(path, new() { Access = MappedAccess.ReadWrite, Length = length }))
        {
            Assert.Throws<InvalidOperationException>(() => memory.View(0, length).Span.Length);
            foreach (nuint offset in (nuint[])[0, 0x7fff_fffc, 0x8000_0000, 0xa000_0001, length - 8])
            {
                memory.Window(0, length).Write(offset, (ulong)~offset);
                memory.Persist(offset, 8);
                Assert.Equal(BitConverter.GetBytes((ulong)~offset), memory.AsReadOnlyMemory(offset, 8).ToArray());
            }
        }

        using SafeFileHandle file = File.OpenHandle(path);
        byte[] last = new byte[8];
        Assert.Equal(8, RandomAccess.Read(file, last, (long)length - 8));
        Assert.Equal((ulong)~(length - 8), BitConverter.ToUInt64(last));
        Assert.True(Blocks(path) < 1000);
    }

    [Fact]
    public async Task AMemoryGoesWhereMemoriesGo()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[4096]);
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite });
        using MappedView view = memory.View(100, 50);
        await using (MemoryStream stream = new(Pattern(50)))
        {
            Assert.Equal(50, await stream.ReadAsync(view.Memory));
        }

        using MemoryStream copy = new();
        await copy.WriteAsync(memory.AsReadOnlyMemory(100, 50));
        Assert.Equal(Pattern(50), copy.ToArray());
        Assert.Equal(Pattern(50), File.ReadAllBytes(path)[100..150]);
    }

    internal static byte[] Pattern(int length)
    {
        byte[] bytes = new byte[length];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static ulong Blocks(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, share: FileShare.ReadWrite);
        Assert.Equal(0, Interop.LibC.Statx(file, "", Interop.PathFlags.AT_EMPTY_PATH, Interop.StatxMask.STATX_BASIC_STATS, out Interop.StatxRecord record));
        return record.Blocks;
    }
}
