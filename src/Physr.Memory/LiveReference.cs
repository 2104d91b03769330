// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>A count of users that can be killed: from then on nobody new gets in, and the last one out is waited for (the kernel's <c>percpu_ref</c>).</summary>
/// <remarks>One 64-bit word holds the count and the killed bit, so that "live, and one more" is a single atomic step (row R7c).</remarks>
internal sealed class LiveReference
{
    private const long Killed = 1L << 62;
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _baseline;
    private long _state;

    /// <param name="baseline">References held by creation itself, dropped by the kill; at least 1.</param>
    public LiveReference(long baseline)
    {
        _baseline = baseline;
        _state = baseline;
    }

    public bool IsKilled => (Volatile.Read(ref _state) & Killed) != 0;

    /// <summary>All references, those of creation included.</summary>
    public long Count => Volatile.Read(ref _state) & ~Killed;

    /// <summary>References beyond those of creation.</summary>
    public long Users
    {
        get
        {
            long state = Volatile.Read(ref _state);
            return (state & Killed) != 0 ? state & ~Killed : state - _baseline;
        }
    }

    public bool TryAcquire(long count = 1)
    {
        long state = Volatile.Read(ref _state);
        while ((state & Killed) == 0)
        {
            long seen = Interlocked.CompareExchange(ref _state, state + count, state);
            if (seen == state)
            {
                return true;
            }

            state = seen;
        }

        return false;
    }

    public void Release(long count = 1)
    {
        long state = Interlocked.Add(ref _state, -count);
        long before = state + count;

        // Judged by the word before: one too many borrows from the killed bit.
        if ((before & ~Killed) - count < ((before & Killed) != 0 ? 0 : _baseline))
        {
            Interlocked.Add(ref _state, count);
            throw new PhysrException("release reference", "live reference", Errno.EINVAL, "released more often than acquired");
        }

        if (state == Killed)
        {
            _idle.TrySetResult();
        }
    }

    /// <summary>Lets nobody new in. Idempotent.</summary>
    public void Kill()
    {
        long state = Volatile.Read(ref _state);
        while ((state & Killed) == 0)
        {
            long killed = (state - _baseline) | Killed;
            long seen = Interlocked.CompareExchange(ref _state, killed, state);
            if (seen == state)
            {
                if (killed == Killed)
                {
                    _idle.TrySetResult();
                }

                return;
            }

            state = seen;
        }
    }

    /// <summary>Kills only if nobody is in: all or nothing. True as well when it is killed and the last user has left.</summary>
    public bool TryKillIdle()
    {
        long seen = Interlocked.CompareExchange(ref _state, Killed, _baseline);
        if (seen == _baseline)
        {
            _idle.TrySetResult();
        }

        return seen == _baseline || seen == Killed;
    }

    /// <summary>Waits, after a kill, until the last user has left.</summary>
    public void Wait(CancellationToken cancellationToken) => _idle.Task.Wait(cancellationToken);
}
