// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing;

/// <summary>Measures what code allocates once it runs steadily. The runtime may allocate on any one pass (a method moves up a tier, a type is first needed); what the
/// code itself allocates shows on every pass, so the least of several is its own.</summary>
internal static class AllocationProbe
{
    private const int Passes = 6;

    /// <summary>Runs the code several times on this thread and gives the fewest bytes that one run allocated.</summary>
    public static long Least(Action run)
    {
        long least = long.MaxValue;
        for (int pass = 0; pass < Passes; pass++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }
}
