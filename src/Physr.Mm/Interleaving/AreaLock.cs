// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Interleaving;

/// <summary>The lock of a process's areas (the kernel's <c>mmap_lock</c>): many readers or one writer. A waiting writer keeps new readers out, but for threads that read already and come again
/// from a callback.</summary>
internal sealed class AreaLock
{
    private const int Writer = int.MinValue;

    [ThreadStatic]
    private static int s_held;

    private int _state;
    private int _waitingWriters;

    /// <summary>Whether somebody reads; for assertions.</summary>
    public bool IsHeld => Volatile.Read(ref _state) != 0;

    /// <summary>Whether this thread reads the areas of one process, and entered once: then it can give the lock up for a while.</summary>
    public static bool IsHeldOnce => s_held == 1;

    public void EnterRead()
    {
        SchedulePoint.Reach("areas: read");
        SpinWait spinner = default;
        while (true)
        {
            int state = Volatile.Read(ref _state);
            if (state >= 0 && (s_held != 0 || Volatile.Read(ref _waitingWriters) == 0))
            {
                if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
                {
                    s_held++;
                    return;
                }
            }
            else
            {
                SchedulePoint.Wait("areas: read", ref spinner);
            }
        }
    }

    public void ExitRead()
    {
        s_held--;
        Interlocked.Decrement(ref _state);
    }

    public void EnterWrite()
    {
        SchedulePoint.Reach("areas: write");
        SpinWait spinner = default;
        Interlocked.Increment(ref _waitingWriters);
        try
        {
            while (Interlocked.CompareExchange(ref _state, Writer, 0) != 0)
            {
                SchedulePoint.Wait("areas: write", ref spinner);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waitingWriters);
        }
    }

    public void ExitWrite() => Volatile.Write(ref _state, 0);
}
