// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Paging.Control;
using Physr.Paging.Stores;

namespace Physr.Paging.Orders.Tests;

/// <summary>A way to a store that answers later: when <see cref="PagingWorld.Disk"/> has got round to it.</summary>
internal sealed class SimulatedLane(Medium medium, int depth) : IStoreLane
{
    private readonly Queue<(ulong Token, ulong Offset, nint Destination, nuint Length)> _queued = [];
    private readonly Queue<(ulong Token, ulong Offset, nint Destination, nuint Length)> _started = [];
    private readonly Queue<StoreCompletion> _ended = [];

    public SafeFileHandle Handle { get; } = new(-1, ownsHandle: false);

    public int Depth => depth;

    public int Pending => _queued.Count + _started.Count + _ended.Count;

    /// <summary>Whether the store has something to do.</summary>
    public bool HasStarted => _started.Count != 0;

    /// <summary>Whether ends of calls wait to be collected.</summary>
    public bool HasEnded => _ended.Count != 0;

    public Errno TryRead(ulong token, ulong offset, nint destination, nuint length)
    {
        if (Pending == depth)
        {
            return Errno.EAGAIN;
        }

        _queued.Enqueue((token, offset, destination, length));
        return Errno.None;
    }

    public Errno TryWrite(ulong token, ulong offset, nint source, nuint length) => throw new NotSupportedException("Nobody writes through a lane.");

    public Errno Submit()
    {
        while (_queued.TryDequeue(out (ulong Token, ulong Offset, nint Destination, nuint Length) read))
        {
            _started.Enqueue(read);
        }

        return Errno.None;
    }

    /// <summary>The store does one of the reads.</summary>
    public void EndOne()
    {
        (ulong token, ulong offset, nint destination, nuint length) = _started.Dequeue();
        Errno errno = Errno.None;
        for (nuint at = 0; at < length && errno == Errno.None; at += ControlLayout.PageBytes)
        {
            int page = (int)((offset + at) >> ControlLayout.PageShift);
            errno = medium.FailingReads[page] > 0 ? Errno.EIO : Errno.None;
            medium.FailingReads[page] -= errno == Errno.None ? 0 : 1;
            PageContent.Poke(destination + (nint)at, medium.Bytes(page));
        }

        _ended.Enqueue(new(token, errno));
    }

    public int Reap(Span<StoreCompletion> completions)
    {
        int count = 0;
        while (count < completions.Length && _ended.TryDequeue(out StoreCompletion completion))
        {
            completions[count++] = completion;
        }

        return count;
    }

    public void Dispose()
    {
    }
}
