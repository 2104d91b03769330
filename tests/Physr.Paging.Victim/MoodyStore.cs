// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Victim;

/// <summary>A user's store that misbehaves: its argument says how, and from which page on. <c>throw-read:8</c> throws where page 8 or a later one is read.</summary>
public sealed class MoodyStore : IBackingStore
{
    private readonly byte[] _bytes;
    private readonly string _mood;
    private readonly ulong _from;

    public MoodyStore(string argument, ulong length)
    {
        ArgumentNullException.ThrowIfNull(argument);
        string[] parts = argument.Split(':');
        (_mood, _from) = (parts[0], ulong.Parse(parts[1]) * 4096);
        _bytes = new byte[length];
    }

    public ulong Length => (ulong)_bytes.Length;

    public Errno TryRead(ulong offset, Span<byte> destination, out string reason)
    {
        if (offset + (ulong)destination.Length > _from)
        {
            switch (_mood)
            {
                case "throw-read":
                    throw new InvalidOperationException("the store is in a mood");
                case "hang-read":
                    Thread.Sleep(Timeout.Infinite);
                    break;
            }
        }

        _bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        reason = "";
        return Errno.None;
    }

    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source, out string reason)
    {
        if (_mood == "throw-write" && offset + (ulong)source.Length > _from)
        {
            throw new InvalidOperationException("the store is in a mood");
        }

        source.CopyTo(_bytes.AsSpan((int)offset));
        reason = "";
        return Errno.None;
    }

    public Errno TryFlush(out string reason)
    {
        reason = "";
        return Errno.None;
    }

    public void Dispose()
    {
        // Nothing but memory.
    }
}
