// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Mm.Interleaving;

/// <summary>Where the order of threads can matter. Costs a thread-local read where no <see cref="IInterleaver"/> is installed.</summary>
public static class SchedulePoint
{
    [ThreadStatic]
    private static IInterleaver? s_current;

    /// <summary>Who decides for this thread; null lets the operating system.</summary>
    public static IInterleaver? Current
    {
        get => s_current;
        set => s_current = value;
    }

    /// <summary>Lets another thread go first, if somebody wants that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Reach(string point) => s_current?.Reach(point);

    /// <summary>Lets a little time pass before another attempt that has nobody to wait for.</summary>
    public static void Relax(ref SpinWait spinner)
    {
        if (s_current is null)
        {
            spinner.SpinOnce();
        }
    }

    /// <summary>Waits a little for another thread: by the interleaver where there is one, else by spinning, then yielding.</summary>
    public static void Wait(string what, ref SpinWait spinner)
    {
        if (s_current is { } interleaver)
        {
            interleaver.Block(what);
        }
        else
        {
            spinner.SpinOnce();
        }
    }
}
