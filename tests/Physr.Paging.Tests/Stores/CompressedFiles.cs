// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Memory;
using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>The two files of a compressed store, as a client that means no good can see and change them.</summary>
internal sealed class CompressedFiles : IDisposable
{
    private const int Page = PageBuffer.Page;

    private readonly PageBuffer _buffer = new(1);

    public CompressedFiles(RegionStore region)
    {
        SafeFileHandle[] handles = region.Duplicates();
        Assert.Equal(Errno.None, MemoryFile.TryAdopt(handles[0], 0, out MemoryFile? index, out _));
        Assert.Equal(Errno.None, MemoryFile.TryAdopt(handles[1], 0, out MemoryFile? blobs, out _));
        (Index, Blobs) = (index!, blobs!);
    }

    public MemoryFile Index { get; }

    public MemoryFile Blobs { get; }

    /// <summary>Bytes that the blobs' file takes in memory.</summary>
    public long BlobMemory
    {
        get
        {
            long bytes = 0;
            for (ulong from = 0; Blobs.TryNextData(from, out ulong start, out ulong end); from = end)
            {
                bytes += (long)(end - start);
            }

            return bytes;
        }
    }

    /// <summary>Copies what is in the files now to those of another store.</summary>
    public void CopyTo(CompressedFiles other)
    {
        Copy(Index, other.Index);
        Copy(Blobs, other.Blobs);
    }

    public ulong ReadEntry(int page)
    {
        Assert.Equal(Errno.None, Index.Read(_buffer.Address, sizeof(ulong), (ulong)page * sizeof(ulong)));
        return BitConverter.ToUInt64(_buffer.Bytes);
    }

    public void WriteEntry(int page, ulong value)
    {
        BitConverter.TryWriteBytes(_buffer.Bytes, value);
        Assert.Equal(Errno.None, Index.Write(_buffer.Address, sizeof(ulong), (ulong)page * sizeof(ulong)));
    }

    /// <summary>Changes a byte of a file to another.</summary>
    public void Change(MemoryFile file, ulong offset, byte mask)
    {
        Assert.Equal(Errno.None, file.Read(_buffer.Address, 1, offset));
        _buffer.Bytes[0] ^= mask;
        Assert.Equal(Errno.None, file.Write(_buffer.Address, 1, offset));
    }

    public void Dispose()
    {
        Index.Dispose();
        Blobs.Dispose();
        _buffer.Dispose();
    }

    private void Copy(MemoryFile from, MemoryFile to)
    {
        Assert.Equal(from.Length, to.Length);
        Assert.Equal(Errno.None, to.Punch(0, to.Length));
        for (ulong at = 0; from.TryNextData(at, out ulong start, out ulong end); at = end)
        {
            for (ulong page = start; page < end; page += Page)
            {
                Assert.Equal(Errno.None, from.Read(_buffer.Address, Page, page));
                Assert.Equal(Errno.None, to.Write(_buffer.Address, Page, page));
            }
        }
    }
}
