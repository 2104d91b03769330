// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Rings;

namespace Physr.Paging.Stores;

/// <summary>A file store's lane: calls go through a ring, and the rest of those that moved fewer bytes than asked once more.</summary>
internal sealed class RingLane : IStoreLane
{
    private readonly FileStore _store;
    private readonly IoRing _ring;
    private readonly Call[] _calls;
    private readonly int[] _free;
    private readonly RingCompletion[] _ends;
    private int _freeCount;

    /// <summary>Makes a lane over a ring, which it owns.</summary>
    public RingLane(FileStore store, IoRing ring, int depth)
    {
        (_store, _ring, _freeCount) = (store, ring, depth);
        (_calls, _free, _ends) = (new Call[depth], [.. Enumerable.Range(0, depth)], new RingCompletion[depth]);
    }

    /// <inheritdoc/>
    public SafeFileHandle Handle => _ring.Handle;

    /// <inheritdoc/>
    public int Depth => _calls.Length;

    /// <inheritdoc/>
    public int Pending => _calls.Length - _freeCount;

    /// <inheritdoc/>
    public Errno TryRead(ulong token, ulong offset, nint destination, nuint length) => TryQueue(new(token, offset, destination, length, IsWrite: false));

    /// <inheritdoc/>
    public Errno TryWrite(ulong token, ulong offset, nint source, nuint length)
    {
        Errno errno = _store.File.CheckLength();
        return errno == Errno.None ? TryQueue(new(token, offset, source, length, IsWrite: true)) : _store.Told(StoreCall.Write, offset, length, errno);
    }

    /// <inheritdoc/>
    public Errno Submit() => _ring.Submit(0);

    /// <inheritdoc/>
    public int Reap(Span<StoreCompletion> completions)
    {
        int count = 0;
        bool isQueued = false;
        while (count < completions.Length)
        {
            int ended = _ring.Reap(_ends.AsSpan(0, Math.Min(_ends.Length, completions.Length - count)));
            if (ended == 0)
            {
                break;
            }

            foreach (RingCompletion end in _ends.AsSpan(0, ended))
            {
                if (TryContinue((int)end.Token, end.Result, out StoreCompletion completion))
                {
                    isQueued = true;
                }
                else
                {
                    completions[count++] = completion;
                }
            }
        }

        // An error leaves the rest queued, for the next time.
        _ = isQueued ? _ring.Submit(0) : Errno.None;
        return count;
    }

    /// <inheritdoc/>
    public void Dispose() => _ring.Dispose();

    private Errno TryQueue(in Call call)
    {
        if (!_store.Has(call.Offset, call.Length))
        {
            return Errno.EINVAL;
        }

        if (_freeCount == 0 || !TryStart(_free[_freeCount - 1], call))
        {
            return Errno.EAGAIN;
        }

        _freeCount--;
        return Errno.None;
    }

    private bool TryStart(int slot, in Call call)
    {
        _calls[slot] = call;
        return call.IsWrite
            ? _ring.TryQueueWrite(_store.File.Handle, call.Address, (uint)call.Length, call.Offset, (ulong)slot)
            : _ring.TryQueueRead(_store.File.Handle, call.Address, (uint)call.Length, call.Offset, (ulong)slot);
    }

    /// <summary>Goes on with a call that is not through.</summary>
    /// <returns>False when it is: the completion tells how.</returns>
    private bool TryContinue(int slot, int result, out StoreCompletion completion)
    {
        Call call = _calls[slot];
        Errno errno = result < 0 ? (Errno)(-result) : Errno.None;

        // Whole pages: what is left of a part would not be aligned.
        uint moved = result > 0 ? (uint)result / PageStore.PageBytes * PageStore.PageBytes : 0;
        bool isAgain = errno is Errno.EINTR or Errno.EAGAIN;
        if (errno == Errno.None && moved == 0)
        {
            errno = call.IsWrite ? Errno.ENOSPC : Errno.EIO;
        }

        Call rest = new(call.Token, call.Offset + moved, call.Address + (nint)moved, call.Length - moved, call.IsWrite);
        if ((isAgain || errno == Errno.None) && rest.Length != 0 && TryStart(slot, rest))
        {
            completion = default;
            return true;
        }

        _free[_freeCount++] = slot;
        completion = new(call.Token, errno == Errno.None ? errno : _store.Told(call.IsWrite ? StoreCall.Write : StoreCall.Read, call.Offset, call.Length, errno));
        return false;
    }

    private readonly record struct Call(ulong Token, ulong Offset, nint Address, nuint Length, bool IsWrite);
}
