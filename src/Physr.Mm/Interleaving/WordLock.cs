// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Mm.Interleaving;

/// <summary>A lock in one 32-bit word, which may lie in native memory. Held for short: a waiter spins, then yields.</summary>
internal static class WordLock
{
    /// <summary>Takes it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Enter(ref int word, string what)
    {
        SchedulePoint.Reach(what);
        if (Interlocked.CompareExchange(ref word, 1, 0) != 0)
        {
            Wait(ref word, what);
        }
    }

    /// <summary>Takes it if it is free.</summary>
    public static bool TryEnter(ref int word) => Interlocked.CompareExchange(ref word, 1, 0) == 0;

    /// <summary>Gives it back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Exit(ref int word) => Volatile.Write(ref word, 0);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Wait(ref int word, string what)
    {
        SpinWait spinner = default;
        while (Volatile.Read(ref word) != 0 || Interlocked.CompareExchange(ref word, 1, 0) != 0)
        {
            SchedulePoint.Wait(what, ref spinner);
        }
    }
}
