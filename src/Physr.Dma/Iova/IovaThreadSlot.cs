// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iova;

/// <summary>A small number for each live thread, which says which stripe of every allocator is its own. When a thread has ended, its number goes to the next one that asks, with what the
/// stripes of that number keep.</summary>
internal static class IovaThreadSlot
{
    private static readonly Lock s_lock = new();

    /// <summary>Who has each number: number n at n - 1.</summary>
    private static readonly List<Thread> s_holders = [];

    [ThreadStatic]
    private static int s_number;

    /// <summary>This thread's number, from 1; 0 before <see cref="Ensure"/>.</summary>
    public static int Number => s_number;

    /// <summary>This thread's number, given now if it has none: the lowest one that no live thread has.</summary>
    public static int Ensure()
    {
        if (s_number == 0)
        {
            lock (s_lock)
            {
                int index = s_holders.FindIndex(static holder => !holder.IsAlive);
                if (index < 0)
                {
                    index = s_holders.Count;
                    s_holders.Add(Thread.CurrentThread);
                }

                s_holders[index] = Thread.CurrentThread;
                s_number = index + 1;
            }
        }

        return s_number;
    }
}
