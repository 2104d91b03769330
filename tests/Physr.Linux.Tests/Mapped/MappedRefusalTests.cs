// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Mapped;
using Physr.Linux.Memory;

namespace Physr.Linux.Tests.Mapped;

/// <summary>What cannot be mapped is refused by name, with what would be right, and nothing is left of it.</summary>
public sealed class MappedRefusalTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<MappedMemoryOptions, Errno, string> Files => new()
    {
        { new() { Offset = 4097 }, Errno.EINVAL, "offset 4097 is no multiple of its page of 4096 bytes: map from 4096 on" },
        { new() { Offset = 8192 }, Errno.ENXIO, "it has 8192 bytes, and those from 8192 on" },
        { new() { Offset = 4096, Length = 4097 }, Errno.ENXIO, "it has 8192 bytes, and bytes [4096, 8193) are asked for" },
        { new() { Length = nuint.MaxValue }, Errno.EINVAL, "more than any file or mapping can have" },
        { new() { Offset = 1UL << 62, Length = (nuint)nint.MaxValue / 2 * 2 - 8192 }, Errno.EINVAL, "more than any file or mapping can have" },
        { new() { Extends = true }, Errno.EINVAL, "for files that are mapped ReadWrite" },
        { new() { Allocates = true, Access = MappedAccess.CopyOnWrite }, Errno.EINVAL, "for files that are mapped ReadWrite" },
        { new() { Alignment = 3 }, Errno.EINVAL, "a power of two is needed" },
        { new() { Pages = MappedPages.Huge2MiB }, Errno.EINVAL, "the pages of a file are those of its file system" },
        { new() { IsShared = true }, Errno.EINVAL, "a file is shared by being mapped ReadWrite" },
        { new() { Access = (MappedAccess)9 }, Errno.EINVAL, "there is no access 9" },
        { new() { Pages = (MappedPages)9 }, Errno.EINVAL, "there are no pages of kind 9" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void OptionsThatDoNotFitAFile(MappedMemoryOptions options, Errno expected, string inReason)
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[8192]);
        Refused(expected, inReason, path, options);
        Assert.Equal(8192, new FileInfo(path).Length);
        Assert.Equal((0, 0), (SelfMaps.Count(path), SelfMaps.Descriptors(path)));
    }

    [Fact]
    public void FilesThatAreNotThere_OrNone_OrEmpty()
    {
        string path = _folder.File("file");
        Refused(Errno.ENOENT, "there is no such file", path, new());
        Refused(Errno.EISDIR, "it is a folder", _folder.Path, new());
        File.WriteAllBytes(path, []);
        Refused(Errno.EINVAL, "it has 0 bytes, and none can be mapped", path, new());
        Assert.Equal(Errno.EEXIST, MappedMemory.TryCreate(path, new() { Access = MappedAccess.ReadWrite, Length = 1 }, out _, out string reason));
        Assert.Contains("there already", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, MappedMemory.TryCreate(_folder.File("new"), new() { Access = MappedAccess.ReadWrite }, out _, out _));
        Assert.Equal(Errno.EINVAL, MappedMemory.TryCreate(_folder.File("new"), new() { Length = 1 }, out _, out _));
        Assert.Equal(Errno.EINVAL, MappedMemory.TryCreate(_folder.File("new"), new() { Access = MappedAccess.ReadWrite, Length = 1, Offset = 1 }, out _, out _));
        Assert.Equal(["file"], _folder.Files);
        Refused(Errno.EINVAL, "zero character", path + "\0", new());
        Refused(Errno.EINVAL, "a device has no length", "/dev/zero", new());
        Assert.Throws<ArgumentException>(() => MappedMemory.TryOpen("", new(), out _, out _));
        Assert.Throws<ArgumentNullException>(() => MappedMemory.TryOpen(path, null!, out _, out _));
    }

    [Fact]
    public void ADeviceIsMapped_WhereItSaysHowMany()
    {
        using MappedMemory zeros = MappedMemory.Open("/dev/zero", new() { Access = MappedAccess.CopyOnWrite, Length = 100 });
        Assert.False(zeros.ReadOnlySpan(0, 100).ContainsAnyExcept((byte)0));
        zeros.Span(0, 100).Fill(1);
    }

    [Fact]
    public void MemoryThatIsNoFile()
    {
        foreach ((MappedMemoryOptions options, Errno expected, string inReason) in ((MappedMemoryOptions, Errno, string)[])
        [
            (new() { Access = MappedAccess.ReadWrite }, Errno.EINVAL, "0 bytes are asked for"),
            (new() { Access = MappedAccess.CopyOnWrite, Length = 1 }, Errno.EINVAL, "there is nothing to copy from"),
            (new() { Access = MappedAccess.ReadWrite, Length = 1, Offset = 4096 }, Errno.EINVAL, "it begins at 0"),
            (new() { Access = MappedAccess.ReadWrite, Length = 1, Allocates = true }, Errno.EINVAL, "for files"),
            (new() { Access = MappedAccess.ReadWrite, Length = (nuint)nint.MaxValue - 8192 }, Errno.ENOMEM, "no room in this process's addresses"),
            (new() { Access = MappedAccess.ReadWrite, Length = 1, Alignment = (nuint)1 << 63 }, Errno.ENOMEM, "no room in this process's addresses"),
            (new() { Access = MappedAccess.ReadWrite, Length = 1, Alignment = 5 }, Errno.EINVAL, "a power of two"),
        ])
        {
            Assert.Equal((expected, true), (MappedMemory.TryAllocate(options, out MappedMemory? memory, out string reason), memory is null));
            Assert.Contains(inReason, reason, StringComparison.Ordinal);
        }

        Assert.Equal(Errno.EINVAL, MappedMemory.TryCreateInMemory(new string('x', 300), new() { Access = MappedAccess.ReadWrite, Length = 1 }, out _, out string why));
        Assert.Contains("249 bytes", why, StringComparison.Ordinal);
        Assert.Equal(Errno.EFBIG, MappedMemory.TryCreateInMemory("x", new() { Access = MappedAccess.ReadWrite, Length = nuint.MaxValue }, out _, out _));
    }

    [Fact]
    public void RangesBeyondTheEndAreRefusedEverywhere()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[10_000]);
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.ReadWrite });
        foreach ((nuint offset, nuint length) in ((nuint, nuint)[])[(10_001, 0), (10_000, 1), (0, 10_001), (1, nuint.MaxValue), (nuint.MaxValue, 2)])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => memory.Window(offset, length).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => memory.ReadOnlyWindow(offset, length).Length);
            Assert.Throws<ArgumentOutOfRangeException>(() => memory.View(offset, length));
            Assert.Equal(Errno.ENXIO, memory.TryPersist(offset, length, out string reason));
            Assert.Equal(Errno.ENXIO, memory.TryPrefetch(offset, length, out _));
            Assert.Equal(Errno.ENXIO, memory.TryPopulate(offset, length, true, out _));
            Assert.Equal(Errno.ENXIO, memory.TryLock(offset, length, out _));
            Assert.Equal(Errno.ENXIO, memory.TryUnlock(offset, length, out _));
            Assert.Equal(Errno.ENXIO, memory.TryAdvise(offset, length, MemoryAdvice.Cold, out _));
            Assert.Equal(Errno.ENXIO, memory.TryCountResident(offset, length, out _, out _));
            Assert.StartsWith($"{path}: ENXIO: {length} bytes from {offset} on are asked for, and it has 10000", reason, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Span(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.ReadOnlySpan(9_999, 2).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.AsMemory(9_999, 2));
        Assert.Equal(Errno.ENXIO, memory.TryCopyTo(9_999, new byte[2].AsSpan(), out _, out _));
        Assert.Equal(0, memory.Leases);
        memory.Persist(10_000, 0);
        memory.Persist(9_999, 1);
        Assert.Empty(memory.AsMemory(10_000, 0).ToArray());
    }

    [Fact]
    public void AdviceThatWouldThrowBytesAwayIsRefused()
    {
        using MappedMemory memory = MappedMemory.Allocate(new() { Access = MappedAccess.ReadWrite, Length = 8192 });
        Assert.Equal(Errno.EINVAL, memory.TryAdvise(0, 4096, MemoryAdvice.DontNeed, out string reason));
        Assert.Contains("use TryDiscard", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, memory.TryAdvise(0, 4096, MemoryAdvice.Remove, out _));
        Assert.Equal(Errno.EINVAL, memory.TryAdvise(0, 4096, (MemoryAdvice)77, out _));
        foreach ((nuint offset, nuint length) in ((nuint, nuint)[])[(1, 4096), (0, 4095), (4096, 1)])
        {
            Assert.Equal(Errno.EINVAL, memory.TryDiscard(offset, length, out reason));
            Assert.Contains("within a page of 4096 bytes", reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void AnExceptionNamesWhatOnWhichFileWhereAndWhy()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, new byte[4096]);
        using MappedMemory memory = MappedMemory.Open(path, new());
        PhysrException exception = Assert.Throws<PhysrException>(() => memory.Persist(0, 10));
        Assert.Equal(("persist", path, Errno.EROFS), (exception.Operation, exception.Target, exception.Errno));
        Assert.StartsWith($"persist: {path}: EROFS: bytes [0, 10): it is mapped for reading: ", exception.Message, StringComparison.Ordinal);
        exception = Assert.Throws<PhysrException>(() => MappedMemory.Open(path, new() { Offset = 5 }));
        Assert.StartsWith($"map a file: {path}: EINVAL: offset 5 is no multiple", exception.Message, StringComparison.Ordinal);
        exception = Assert.Throws<PhysrException>(() => AlignedBuffer.Allocate(0));
        Assert.StartsWith("allocate a buffer: anonymous memory: EINVAL: 0 bytes", exception.Message, StringComparison.Ordinal);
    }

    private static void Refused(Errno expected, string inReason, string path, MappedMemoryOptions options)
    {
        Errno errno = MappedMemory.TryOpen(path, options, out MappedMemory? memory, out string reason);
        memory?.Dispose();
        Assert.True(expected == errno && memory is null, $"{errno}: {reason}");
        Assert.Contains(inReason, reason, StringComparison.Ordinal);
        Assert.StartsWith(inReason.Contains("zero character", StringComparison.Ordinal) ? "a path" : path + ": ", reason, StringComparison.Ordinal);
    }
}
