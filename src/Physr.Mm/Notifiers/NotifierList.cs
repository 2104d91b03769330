// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Mm;

/// <summary>The notifiers of one process, and its sequence: odd while entries are changing.</summary>
/// <remarks>
/// One word holds how many changes are under way and how often that number fell to zero. A change counts itself first and then looks who watches; a notifier is listed first and then looks
/// whether something changes: one of the two sees the other. Watchers are few, and each change asks all of them, so they stand in an array that is replaced when one comes or goes.
/// </remarks>
internal sealed class NotifierList
{
    private const int EpochShift = 20;
    private const ulong ActiveMask = (1UL << EpochShift) - 1;

    private readonly Lock _lock = new();
    private IntervalNotifier[] _notifiers = [];
    private ulong _state = 1UL << EpochShift;

    /// <summary>Whether somebody watches at all.</summary>
    public bool IsEmpty => Volatile.Read(ref _notifiers).Length == 0;

    /// <summary>Puts a notifier in and gives its first sequence: while something changes, one that makes its first read wait for the end.</summary>
    public ulong Add(IntervalNotifier notifier)
    {
        lock (_lock)
        {
            Volatile.Write(ref _notifiers, [.. _notifiers, notifier]);
        }

        ulong state = Interlocked.Add(ref _state, 0);
        SchedulePoint.Reach("watch");
        return (state & ActiveMask) != 0 ? OddOf(state) : 0;
    }

    public void Remove(IntervalNotifier notifier)
    {
        lock (_lock)
        {
            Volatile.Write(ref _notifiers, [.. _notifiers.Where(each => each != notifier)]);
        }

        ulong state = Interlocked.Add(ref _state, 0);
        if ((state & ActiveMask) != 0)
        {
            WaitWhile(OddOf(state));
        }
    }

    /// <summary>Waits until the changes are through that were under way when a sequence was given.</summary>
    public void WaitWhile(ulong odd)
    {
        SpinWait spinner = default;
        while (Volatile.Read(ref _state) is var state && OddOf(state) == odd && (state & ActiveMask) != 0)
        {
            SchedulePoint.Wait("notifier sequence", ref spinner);
        }
    }

    /// <summary>Tells all whose range is touched. Every start that succeeds is followed by <see cref="End"/>.</summary>
    /// <returns>False where one of them would have had to block and may not; nothing is to be changed then, and no end follows.</returns>
    public bool TryStart(in NotifierRange range)
    {
        ulong sequence = OddOf(Interlocked.Increment(ref _state));
        IntervalNotifier[] notifiers = Volatile.Read(ref _notifiers);
        if (notifiers.Length == 0)
        {
            return true;
        }

        SchedulePoint.Reach("invalidate");
        bool hasAll = true;
        foreach (IntervalNotifier notifier in notifiers)
        {
            if (Concerns(notifier, range))
            {
                notifier.SetSequence(sequence);
                hasAll &= TryInvalidate(notifier, range);
            }
        }

        foreach (IntervalNotifier notifier in notifiers)
        {
            if (Concerns(notifier, range))
            {
                TryFinish(notifier, range);
            }
        }

        if (!hasAll)
        {
            End();
        }

        return hasAll;
    }

    public void End()
    {
        ulong seen = Volatile.Read(ref _state);
        while (true)
        {
            ulong next = (seen & ActiveMask) == 1 ? (seen & ~ActiveMask) + (1UL << EpochShift) : seen - 1;
            ulong before = Interlocked.CompareExchange(ref _state, next, seen);
            if (before == seen)
            {
                break;
            }

            seen = before;
        }

        if (!IsEmpty)
        {
            SchedulePoint.Reach("invalidated");
        }
    }

    /// <summary>Calls a mirror. One that throws, or says that it would have to block where it may, is named and passed over: the change cannot be taken back.</summary>
    private static bool TryInvalidate(IntervalNotifier notifier, in NotifierRange range)
    {
        string what;
        try
        {
            if (notifier.Invalidate(range))
            {
                return true;
            }

            if (!range.MayBlock)
            {
                return false;
            }

            what = "refused, where it may block";
        }
        catch (Exception exception)
        {
            what = $"threw {exception.GetType().Name}: {exception.Message}";
        }

        range.Space.Memory.Warn($"invalidate {range.Range} of {range.Space} ({range.Event}): the callback of {notifier} {what}");
        return true;
    }

    private static void TryFinish(IntervalNotifier notifier, in NotifierRange range)
    {
        try
        {
            notifier.FinishInvalidate(range);
        }
        catch (Exception exception)
        {
            range.Space.Memory.Warn($"invalidate {range.Range} of {range.Space} ({range.Event}): the second callback of {notifier} threw {exception.GetType().Name}: {exception.Message}");
        }
    }

    private static bool Concerns(IntervalNotifier notifier, in NotifierRange range) => notifier.Range.Overlaps(range.Range) && (range.Owner is null || !notifier.IsOwn(range));

    private static ulong OddOf(ulong state) => ((state >> EpochShift) << 1) | 1;
}
