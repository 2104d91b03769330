// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Security.Cryptography;
using Physr.Linux.Mapped;

namespace Physr.Linux.Tests.Mapped;

/// <summary>What the documentation shows works as it is shown.</summary>
public sealed class MappedExampleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ATableInAFile_StoredToAndMadeDurable()
    {
        string path = _folder.Write("table", "");
        byte[] record = MappedFileTests.Pattern(4096);
        MappedMemoryOptions options = new() { Access = MappedAccess.ReadWrite, Length = 1 << 20, Extends = true, Allocates = true };
        using MappedMemory memory = MappedMemory.Open(path, options);
        using (MappedView view = memory.View(4096, 4096))
        {
            record.CopyTo(view.Span);
            memory.Persist(view.Offset, view.Length);
        }

        Assert.Equal(record, File.ReadAllBytes(path)[4096..8192]);
    }

    [Fact]
    public void AHashOfWhateverLength()
    {
        string path = _folder.File("file");
        File.WriteAllBytes(path, MappedFileTests.Pattern(100_000));
        using MappedMemory memory = MappedMemory.Open(path, new() { Access = MappedAccess.Read });
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using MappedView view = memory.View(0, memory.Length);
        foreach (ReadOnlySpan<byte> piece in view.ReadOnlyWindow.Pieces())
        {
            hash.AppendData(piece);
        }

        Assert.Equal(SHA256.HashData(MappedFileTests.Pattern(100_000)), hash.GetCurrentHash());
    }

    [SkippableFact]
    public void ALogPastThePageCache()
    {
        string path = _folder.Write("log", "");
        Errno errno = DirectFile.TryOpen(path, isReadOnly: false, out DirectFile? opened, out string reason);
        Skip.If(errno == Errno.EOPNOTSUPP, reason);
        using DirectFile file = opened!;
        using AlignedBuffer buffer = AlignedBuffer.Allocate(1 << 20, file.Alignment.Memory);
        buffer.Span.Fill(0xff);
        file.Write(buffer.Window, offset: 0);
        file.Flush();
        Assert.Equal(1UL << 20, file.Length);
    }
}
