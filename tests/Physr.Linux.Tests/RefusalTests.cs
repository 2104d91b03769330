// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Physr.Linux.Tests;

/// <summary>What cannot be mapped is refused by name, and stays as it was.</summary>
public sealed partial class RefusalTests : IDisposable
{
    private const ulong Length = 4 * 4096;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 0UL, "it has 0 bytes: a multiple of")]
    [InlineData(4095, 0UL, "it has 4095 bytes: a multiple of")]
    [InlineData(8192, 16384UL, "it has 8192 bytes, and 16384 are asked for")]
    [InlineData(16384, 8192UL, "it has 16384 bytes, and 8192 are asked for")]
    [InlineData(8192, 8193UL, "it has 8192 bytes, and 8193 are asked for")]
    public void AFileOfAnotherLength(int has, ulong asked, string expected)
    {
        string path = _folder.File("region");
        File.WriteAllBytes(path, new byte[has]);
        Refused(Errno.EINVAL, expected, path, asked);
        Assert.Equal(has, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(4095UL)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0xffff_ffff_ffff_f000UL)]
    public void ANewFileOfNoWholePages(ulong length)
    {
        Assert.Equal(Errno.EINVAL, FileMapping.TryCreate(_folder.File("region"), length, out FileMapping? mapping, out string reason));
        Assert.Contains($"{length} bytes: a multiple of", reason, StringComparison.Ordinal);
        Assert.Null(mapping);
        Assert.Empty(_folder.Files);
        Assert.Equal(Errno.EINVAL, FileMapping.TryCreateInMemory("memory", length, out mapping, out _));
    }

    [Fact]
    public void AFileThatIsNotThere_OrIsThereAlready()
    {
        string path = _folder.File("region");
        Refused(Errno.ENOENT, "there is no such file", path);
        Refused(Errno.ENOENT, "there is no such file", "");
        string file = _folder.Write("file", "text");
        Refused(Errno.ENOTDIR, "is no folder", file + "/region");
        Refused(Errno.EINVAL, "zero character", file + "\0");
        Refused(Errno.ENAMETOOLONG, "ENAMETOOLONG", _folder.File(new string('x', 300)));
        Assert.Equal(Errno.EEXIST, FileMapping.TryCreate(file, Length, out _, out string reason));
        Assert.Contains("there already", reason, StringComparison.Ordinal);
        Assert.Equal("text", File.ReadAllText(file));
        Assert.Equal(Errno.ENOENT, FileMapping.TryCreate(_folder.File("none/region"), Length, out _, out _));
        Assert.Equal(["file"], _folder.Files);
    }

    [Fact]
    public void WhatIsNoRegularFile()
    {
        Refused(Errno.EISDIR, "it is a folder", _folder.Path);
        Refused(Errno.EINVAL, "it is a character device", "/dev/zero");
        string fifo = _folder.File("fifo");
        using (Process made = Process.Start("mkfifo", [fifo]))
        {
            made.WaitForExit();
            Assert.Equal(0, made.ExitCode);
        }

        // Opened as files are, it would be waited for.
        Refused(Errno.EINVAL, "it is a FIFO", fifo);
        using System.Net.Sockets.Socket socket = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, default);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(_folder.File("socket")));
        Refused(Errno.EINVAL, "it is a socket", _folder.File("socket"));
        File.CreateSymbolicLink(_folder.File("circle"), _folder.File("circle"));
        Refused(Errno.ELOOP, "ELOOP", _folder.File("circle"));
    }

    [SkippableFact]
    public void AFileThatMayNotBeWritten()
    {
        // Of this file not even root may open it for writing.
        const string Fixed = "/sys/devices/system/cpu/online";
        Skip.IfNot(File.Exists(Fixed), $"there is no {Fixed}");
        Refused(Errno.EACCES, "open it read-only", Fixed);
    }

    [Fact]
    public void AFileThatSomebodyElseHas()
    {
        string path = _folder.File("region");
        using (FileMapping writing = FileMappingTests.Create(path, Length))
        {
            Refused(Errno.EBUSY, "somebody else has it", path);
            Refused(Errno.EBUSY, "somebody else has it for writing", path, isReadOnly: true);
        }

        using (FileMapping first = FileMappingTests.Open(path, isReadOnly: true))
        using (FileMapping second = FileMappingTests.Open(path, isReadOnly: true))
        {
            Refused(Errno.EBUSY, "somebody else has it", path);
        }

        using FileMapping again = FileMappingTests.Open(path);
    }

    [Fact]
    public void TheLockGoesWithTheMapping_ThoughAProcessThatIsBeingStartedHasTheFileStill()
    {
        string path = _folder.File("region");
        FileMapping mapping = FileMappingTests.Create(path, Length);
        using SafeFileHandle copy = Duplicate(int.Parse(Descriptors(path).Single()));
        mapping.Dispose();
        Assert.Single(Descriptors(path));
        using FileMapping again = FileMappingTests.Open(path);
    }

    private static IEnumerable<string> Descriptors(string path) => Directory.EnumerateFiles("/proc/self/fd").Where(fd => Target(fd) == path).Select(static fd => Path.GetFileName(fd)!);

    /// <summary>What a descriptor is of; null where another test has closed it meanwhile.</summary>
    private static string? Target(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, false)?.FullName;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>What a fork does to a descriptor.</summary>
    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial SafeFileHandle Duplicate(int descriptor);

    private static void Refused(Errno expected, string inReason, string path, ulong length = 0, bool isReadOnly = false)
    {
        if (path.Length == 0)
        {
            Assert.Throws<ArgumentException>(() => FileMapping.TryOpen(path, length, isReadOnly, out _, out _));
            return;
        }

        Errno errno = FileMapping.TryOpen(path, length, isReadOnly, out FileMapping? mapping, out string reason);
        mapping?.Dispose();
        Assert.Equal((expected, true), (errno, mapping is null));
        Assert.Contains(inReason, reason, StringComparison.Ordinal);
    }
}
