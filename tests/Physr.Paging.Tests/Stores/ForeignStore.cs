// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>A store that nobody can make from a text.</summary>
public sealed class ForeignStore(int number) : IBackingStore
{
    public ulong Length => (ulong)number;

    public Errno TryRead(ulong offset, Span<byte> destination, out string reason) => Refuse(out reason);

    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source, out string reason) => Refuse(out reason);

    public Errno TryFlush(out string reason) => Refuse(out reason);

    public void Dispose()
    {
        // It has nothing.
    }

    private static Errno Refuse(out string reason)
    {
        reason = "never";
        return Errno.EIO;
    }
}
