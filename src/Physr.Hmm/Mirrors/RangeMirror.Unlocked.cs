// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Dma.Mirror;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <content>The form that takes the process's lock itself (<c>hmm_range_fault_unlocked_timeout</c>, row R32).</content>
public static partial class RangeMirror
{
    /// <summary>Faults a range in within a budget of time: takes the lock of the areas itself, gives it up where a fault has to wait for a handler in user space, reads the sequence anew after each
    /// change, and starts again.</summary>
    /// <param name="notifier">Watches the range.</param>
    /// <param name="start">The first page.</param>
    /// <param name="frames">As <see cref="TryFault"/> has them.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="budget">How long without progress; zero is for ever (row R32a).</param>
    /// <param name="sequence">What the answer is true for: asked of <see cref="IntervalNotifier.ReadRetry"/> below the device's lock.</param>
    /// <param name="cancellation">Gives up (the kernel's fatal signal).</param>
    /// <returns>What <see cref="TryFault"/> says; <see cref="Errno.EBUSY"/> when the budget is used up; <see cref="Errno.EINTR"/> when cancelled.</returns>
    public static Errno TryFaultWithin(
        IntervalNotifier notifier, VirtualAddress start, Span<MirrorFrame> frames, MirrorRequest request, TimeSpan budget, out ulong sequence, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, TimeSpan.Zero);
        AddressSpace space = notifier.Space;
        long began = Stopwatch.GetTimestamp();
        SpinWait spinner = default;
        while (true)
        {
            sequence = notifier.ReadBegin();
            if (cancellation.IsCancellationRequested)
            {
                return Errno.EINTR;
            }

            Errno errno;
            int served;
            UserFault? waiting;
            space.EnterRead();
            try
            {
                errno = FaultIn(notifier, sequence, start, frames, request, out served, out waiting);
            }
            finally
            {
                space.ExitRead();
            }

            if (waiting is { } fault)
            {
                // The lock is given up while the handler works (row R32d).
                if (!fault.Handler.Serve(space, fault.Page, fault.IsWrite))
                {
                    return Errno.EFAULT;
                }

                served++;
            }
            else if (errno != Errno.EBUSY)
            {
                return errno;
            }

            if (served != 0)
            {
                // Progress starts the budget again (row R32c).
                began = Stopwatch.GetTimestamp();
            }
            else if (budget != TimeSpan.Zero && Stopwatch.GetElapsedTime(began) >= budget)
            {
                return Errno.EBUSY;
            }
            else
            {
                SchedulePoint.Wait("mirror: budget", ref spinner);
            }
        }
    }
}
