// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Mirror;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm;

/// <summary>Looks at the page tables of a process for a device that mirrors them, and faults in what the device needs (<c>hmm_range_fault</c>, rows R31 to R33).</summary>
/// <remarks>
/// The answer is true until something changes, which the notifier tells: read <see cref="IntervalNotifier.ReadBegin"/>, fault, take the device's lock, ask
/// <see cref="IntervalNotifier.ReadRetry"/>, and only then use it. No page is held. Nothing is allocated.
/// </remarks>
public static partial class RangeMirror
{
    // After so many faults in vain at one page, a driver that says it served them is no longer believed.
    private const int MostFruitless = 64;

    /// <summary>Fills in what the page tables say of a range, faulting where asked. The caller keeps areas as they are (<see cref="AddressSpace.EnterRead"/>).</summary>
    /// <param name="notifier">Watches the range.</param>
    /// <param name="sequence">What its <see cref="IntervalNotifier.ReadBegin"/> gave.</param>
    /// <param name="start">The first page.</param>
    /// <param name="frames">One for each page. Passed in: flags asked of single pages, and <see cref="MirrorFlags.Sticky"/> ones, which are kept (row R41a). Given back: the page, its rights, and the
    /// order of its mapping; a page that cannot be had is <see cref="MirrorFlags.Error"/>; none is zero.</param>
    /// <param name="request">What is asked.</param>
    /// <returns><see cref="Errno.EINVAL"/> for an unaligned range, one that the notifier does not watch, or an area without page descriptors; <see cref="Errno.EFAULT"/> where nothing is mapped or
    /// may not be read, or a fault fails; <see cref="Errno.EPERM"/> where it may not be written; <see cref="Errno.ENOMEM"/>; <see cref="Errno.EBUSY"/> where something changed since the sequence was
    /// read: start again.</returns>
    public static Errno TryFault(IntervalNotifier notifier, ulong sequence, VirtualAddress start, Span<MirrorFrame> frames, MirrorRequest request) =>
        FaultIn(notifier, sequence, start, frames, request, out _, out _);

    // Tells beside the answer how many faults were served, and the page that user space has to serve without the lock, where one stands in the way.
    private static Errno FaultIn(
        IntervalNotifier notifier, ulong sequence, VirtualAddress start, Span<MirrorFrame> frames, MirrorRequest request, out int served, out UserFault? waiting)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        served = 0;
        waiting = null;
        if (!start.IsAligned(PageSize.Size4K) || frames.IsEmpty || !start.TryAdd((ulong)frames.Length << PageSize.Shift4K, out _)
            || !notifier.Range.Contains(new AddressRange<VirtualAddress>(start, (ulong)frames.Length << PageSize.Shift4K)))
        {
            return Errno.EINVAL;
        }

        Walk walk = new(notifier.Space, request, frames, start.Value);
        int fruitless = 0;
        SpinWait spinner = default;
        while (true)
        {
            if (notifier.ReadRetry(sequence))
            {
                return Errno.EBUSY;
            }

            Errno errno = walk.Run(out bool needsFault);
            if (!needsFault)
            {
                return errno;
            }

            FaultStatus status = walk.Fault();
            switch (status)
            {
                case FaultStatus.Done:
                    served++;
                    break;
                case FaultStatus.Fruitless when ++fruitless < MostFruitless:
                    SchedulePoint.Relax(ref spinner);
                    break;
                case FaultStatus.Retry:
                    SchedulePoint.Wait("mirror", ref spinner);
                    break;
                case FaultStatus.UserFault:
                    waiting = walk.Waiting;
                    return Errno.EFAULT;
                default:
                    return status == FaultStatus.OutOfMemory ? Errno.ENOMEM : Errno.EFAULT;
            }
        }
    }

    /// <summary>A page that user space has to serve.</summary>
    private readonly record struct UserFault(IUserFaultHandler Handler, VirtualAddress Page, bool IsWrite);
}
