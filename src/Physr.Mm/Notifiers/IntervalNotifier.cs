// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>Tells who mirrors a range of a process's memory before its entries change, and lets the mirror notice that they did (the kernel's <c>mmu_interval_notifier</c>, row R30).</summary>
/// <remarks>
/// A mirror reads entries like this: <see cref="ReadBegin"/>; look at the entries; take its own lock; if <see cref="ReadRetry"/>, give the lock back and start again; else install what it saw
/// and give the lock back. Its callback takes the same lock and drops what it installed. The sequence changes before the callback runs, so that no driver can forget to.
/// </remarks>
public abstract class IntervalNotifier : IDisposable
{
    private ulong _sequence;
    private int _isRemoved;

    /// <summary>Begins to watch.</summary>
    /// <param name="space">Whose memory.</param>
    /// <param name="range">Which addresses; not empty. Mapped or not.</param>
    protected IntervalNotifier(AddressSpace space, AddressRange<VirtualAddress> range)
    {
        ArgumentNullException.ThrowIfNull(space);
        ArgumentOutOfRangeException.ThrowIfZero(range.Length, nameof(range));
        Space = space;
        Range = range;

        // A change that began since it is listed has set a sequence already, which is the newer one.
        _ = Interlocked.CompareExchange(ref _sequence, space.Notifiers.Add(this), 0);
    }

    /// <summary>Whose memory.</summary>
    public AddressSpace Space { get; }

    /// <summary>Which addresses.</summary>
    public AddressRange<VirtualAddress> Range { get; }

    /// <summary>Starts to look at entries; waits while a change is under way.</summary>
    /// <returns>What <see cref="ReadRetry"/> is asked with.</returns>
    public ulong ReadBegin()
    {
        ulong seen = Volatile.Read(ref _sequence);
        if ((seen & 1) != 0)
        {
            Space.Notifiers.WaitWhile(seen);
        }

        return seen;
    }

    /// <summary>Whether entries have changed, or began to, since <see cref="ReadBegin"/>; asked below the mirror's own lock.</summary>
    public bool ReadRetry(ulong sequence) => Volatile.Read(ref _sequence) != sequence;

    /// <summary>Stops to watch; waits for changes under way. No callback runs after it returns.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isRemoved, 1) == 0)
        {
            Space.Notifiers.Remove(this);
        }

        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the mirror makes a change itself and needs not hear of it: then its sequence stays too (row R30b). So it can read a sequence, make the change, and program the device
    /// below its own lock if nobody else has changed anything since: what exclusive access needs. False unless overridden.</summary>
    /// <param name="range">What changes; only <see cref="NotifierEvent.Migrate"/> and <see cref="NotifierEvent.Exclusive"/> have an owner.</param>
    protected internal virtual bool IsOwn(in NotifierRange range) => false;

    /// <summary>Called before entries change; it returns when the device uses nothing of the range any more.</summary>
    /// <param name="range">What changes; <see cref="NotifierRange.Range"/> may reach beyond what is watched.</param>
    /// <returns>False where it may not block and would have to: the change is then given up.</returns>
    protected internal abstract bool Invalidate(in NotifierRange range);

    /// <summary>The second phase: called after the first of every mirror has returned, to wait for what each of them began (<c>invalidate_finish</c>). Does nothing unless overridden.</summary>
    protected internal virtual void FinishInvalidate(in NotifierRange range)
    {
    }

    internal void SetSequence(ulong sequence) => Volatile.Write(ref _sequence, sequence);
}
