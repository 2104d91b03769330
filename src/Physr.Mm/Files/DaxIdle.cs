// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <summary>Where truncations sleep until a page of a file gets idle.</summary>
internal static class DaxIdle
{
    private static readonly object s_gate = new();
    private const int LookAgainMilliseconds = 5;
    private static int s_waiters;

    /// <summary>A page got idle: whoever waits looks again.</summary>
    public static void OnPageIdle(DevicePage page) => Wake();

    /// <summary>Waits until something may have changed.</summary>
    /// <returns>False where the wait was interrupted.</returns>
    public static bool Wait(Func<bool> isBusy, CancellationToken cancellationToken)
    {
        if (SchedulePoint.Current is not null)
        {
            SpinWait spinner = default;
            SchedulePoint.Wait("page idle", ref spinner);
            return !cancellationToken.IsCancellationRequested;
        }

        using CancellationTokenRegistration registration = cancellationToken.Register(Wake);
        Interlocked.Increment(ref s_waiters);
        try
        {
            lock (s_gate)
            {
                while (isBusy() && !cancellationToken.IsCancellationRequested)
                {
                    // A page that another file maps too never gets idle: its last pin is found by looking.
                    Monitor.Wait(s_gate, LookAgainMilliseconds);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref s_waiters);
        }

        return !cancellationToken.IsCancellationRequested;
    }

    private static void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref s_waiters) != 0)
        {
            lock (s_gate)
            {
                Monitor.PulseAll(s_gate);
            }
        }
    }
}
