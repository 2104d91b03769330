// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Selftests;

/// <summary>A file's bytes.</summary>
internal sealed class ByteStore(int length) : IFileStore
{
    public byte[] Bytes { get; } = new byte[length];

    public int Reads { get; private set; }

    public ulong Length => (ulong)Bytes.Length;

    public Errno Read(ulong offset, Span<byte> page)
    {
        Reads++;
        page.Clear();
        Bytes.AsSpan((int)offset, Math.Min(page.Length, Bytes.Length - (int)offset)).CopyTo(page);
        return Errno.None;
    }

    public Errno Write(ulong offset, ReadOnlySpan<byte> page)
    {
        page.CopyTo(Bytes.AsSpan((int)offset));
        return Errno.None;
    }
}
