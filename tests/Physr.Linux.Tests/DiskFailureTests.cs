// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Linux.Tests;

/// <summary>What a disk fails is told, once and for all, and nothing half made is left.</summary>
public sealed class DiskFailureTests : IDisposable
{
    private const ulong Length = 4 * 4096;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Errno.EIO)]
    [InlineData(Errno.ENOSPC)]
    [InlineData(Errno.EDQUOT)]
    public void AWriteBackThatFailedIsNeverTakenBack(Errno failure)
    {
        FailingCalls calls = new();
        using FileMapping mapping = Create(calls);
        calls.Syncing.Enqueue(Errno.None);
        calls.Syncing.Enqueue(failure);
        Assert.Equal(Errno.None, mapping.TryPersist(0, 1));
        Assert.Equal(failure, mapping.TryPersist(0, 1));
        Assert.Equal(failure, mapping.Failure);

        // The kernel would tell success now.
        Assert.Equal(failure, mapping.TryPersist(4096, 1));
        Assert.Equal([(4096UL, Errno.None), (4096UL, failure)], calls.Synced);
    }

    [Fact]
    public void AnInterruptedWriteBackIsDoneAgain()
    {
        FailingCalls calls = new();
        using FileMapping mapping = Create(calls);
        calls.Syncing.Enqueue(Errno.EINTR);
        Assert.Equal(Errno.None, mapping.TryPersist(4095, 2));
        Assert.Equal([(8192UL, Errno.EINTR), (8192UL, Errno.None)], calls.Synced);
    }

    [Fact]
    public void WhatMakingAFileFailsWithLeavesNoFile()
    {
        foreach (FailingCalls calls in (FailingCalls[])[new() { Allocating = Errno.ENOSPC }, new() { Allocating = Errno.EDQUOT }, new() { SyncingFile = Errno.EIO }, new() { Mapping = Errno.ENOMEM }])
        {
            Errno expected = new[] { calls.Allocating, calls.SyncingFile, calls.Mapping }.Max();
            Assert.Equal(expected, FileMapping.TryCreate(_folder.File("region"), Length, calls, out FileMapping? mapping, out string reason));
            Assert.Null(mapping);
            Assert.StartsWith(_folder.File("region") + ": ", reason, StringComparison.Ordinal);
            Assert.Empty(_folder.Files);
        }
    }

    [Fact]
    public void AFileSystemThatGivesNoBlocksInAdvanceHasZerosWritten_AndHolesRefused()
    {
        FailingCalls calls = new() { Allocating = Errno.EOPNOTSUPP };
        using (FileMapping mapping = Create(calls))
        {
            Assert.Equal((long)Length, new FileInfo(mapping.Path).Length);
            Assert.False(mapping.ReadableAt(0, Length).ContainsAnyExcept((byte)0));
        }

        using FileStream sparse = File.Create(_folder.File("sparse"));
        sparse.SetLength((long)Length);
        Assert.Equal(Errno.EOPNOTSUPP, FileMapping.TryOpen(sparse.Name, 0, false, calls, out _, out string reason));
        Assert.Contains("holes", reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, SyncKind.MapSync)]
    [InlineData(false, SyncKind.Msync)]
    public void MapSyncIsInForceWhereTheKernelTakesIt(bool hasMapSync, SyncKind expected)
    {
        string path = _folder.File("region");
        Assert.Equal(Errno.None, FileMapping.TryCreate(path, Length, new FailingCalls { HasMapSync = hasMapSync }, out FileMapping? mapping, out _));
        using (mapping)
        {
            // No machine of ours has such a file: what it answers is played, unless this one has.
            Assert.Equal(mapping!.FileSystem.IsDax ? SyncKind.MapSync : expected, mapping.Sync);
        }
    }

    [SkippableFact]
    public void AFullDiskIsFoundBeforeTheFirstStore()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "only root mounts a disk that is full");
        string disk = Directory.CreateDirectory(_folder.File("disk")).FullName;
        Skip.IfNot(Run("mount", "-t", "tmpfs", "-o", "size=64k", "none", disk) == 0, "this root may not mount");
        try
        {
            string path = Path.Combine(disk, "region");
            Assert.Equal(Errno.ENOSPC, FileMapping.TryCreate(path, 1 << 20, out _, out string reason));
            Assert.Contains("the disk is full", reason, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFiles(disk));
            using (FileStream sparse = File.Create(path))
            {
                sparse.SetLength(1 << 20);
            }

            Assert.Equal(Errno.ENOSPC, FileMapping.TryOpen(path, 0, false, out _, out reason));
            Assert.Contains("the disk is full", reason, StringComparison.Ordinal);
            Assert.Equal(1 << 20, new FileInfo(path).Length);
            using FileMapping reading = FileMappingTests.Open(path, isReadOnly: true);
        }
        finally
        {
            Assert.Equal(0, Run("umount", disk));
        }
    }

    [Fact]
    public void ACutFileIsFoundByPopulating()
    {
        string path = _folder.File("region");
        using FileMapping mapping = FileMappingTests.Create(path, Length);
        using (FileStream cutting = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            cutting.SetLength(4096);
        }

        Assert.Equal(Errno.None, mapping.TryPopulate(0, 4096));
        Assert.Equal(Errno.EFAULT, mapping.TryPopulate(0, Length));
    }

    private FileMapping Create(FailingCalls calls)
    {
        Errno errno = FileMapping.TryCreate(_folder.File("region"), Length, calls, out FileMapping? mapping, out string reason);
        Assert.True(errno == Errno.None, reason);
        return mapping!;
    }

    private static int Run(string program, params string[] args)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, args) { UseShellExecute = false, RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
