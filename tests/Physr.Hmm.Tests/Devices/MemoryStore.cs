// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm.Tests;

/// <summary>A file's bytes in memory.</summary>
internal sealed class MemoryStore(byte[] bytes) : IFileStore
{
    public ulong Length => (ulong)bytes.Length;

    public int Reads { get; private set; }

    public Errno Read(ulong offset, Span<byte> page)
    {
        Reads++;
        page.Clear();
        bytes.AsSpan((int)offset, Math.Min(page.Length, bytes.Length - (int)offset)).CopyTo(page);
        return Errno.None;
    }

    public Errno Write(ulong offset, ReadOnlySpan<byte> page)
    {
        page.CopyTo(bytes.AsSpan((int)offset));
        return Errno.None;
    }
}
