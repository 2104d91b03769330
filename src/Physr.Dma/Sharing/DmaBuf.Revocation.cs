// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Sharing;

/// <content>Taking it back and giving it out again.</content>
public sealed partial class DmaBuf
{
    private readonly Lock _control;

    // A leaf: guards the state, and who waits for the last mapping waits on it.
    private readonly object _gate = new();
    private readonly HashSet<IIommuDomain> _stale = [];
    private RevocableState _state;

    /// <summary>All that the protocol remembers.</summary>
    public RevocableState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }

        internal init => _state = value;
    }

    /// <summary>Takes the memory back: forbids mapping, tells every importer, waits for transfers in flight and for the last mapping (row R69). A second call changes nothing
    /// and returns when the first one's promise holds.</summary>
    /// <param name="cancellationToken">Gives the wait up; nobody new is let in then, and the call can be repeated.</param>
    /// <returns><see cref="Errno.None"/>.</returns>
    /// <exception cref="OperationCanceledException">The wait was given up: the promise does not hold.</exception>
    /// <exception cref="PhysrException"><see cref="Errno.EDEADLOCK"/>: this thread holds a lock that the revoke needs.</exception>
    public Errno Revoke(CancellationToken cancellationToken = default) => Finish(RevocableOperation.Revoke, cancellationToken);

    /// <summary>Gives the memory out again and tells every importer (row R69c). Nothing is mapped by that: importers map anew.</summary>
    /// <returns><see cref="Errno.None"/>, also where it is usable; <see cref="Errno.ENODEV"/> once closed; <see cref="Errno.EBUSY"/> after a revoke that was given up,
    /// which has to be repeated first.</returns>
    /// <exception cref="PhysrException"><see cref="Errno.EDEADLOCK"/>: this thread holds a lock that is needed.</exception>
    public Errno Unrevoke() => Finish(RevocableOperation.Unrevoke, CancellationToken.None);

    /// <summary>Takes the memory back for good, with the same promise: its device goes.</summary>
    /// <inheritdoc cref="Revoke"/>
    public Errno Close(CancellationToken cancellationToken = default) => Finish(RevocableOperation.Close, cancellationToken);

    /// <summary>Begins a revoke, an un-revoke or a close that is advanced step by step and never waits: for who runs importers and devices on the same thread.</summary>
    public DmaBufOperation Begin(RevocableOperation operation)
    {
        if (operation is not (RevocableOperation.Revoke or RevocableOperation.Unrevoke or RevocableOperation.Close))
        {
            throw new ArgumentOutOfRangeException(nameof(operation), operation, "Importers map and unmap through their attachment.");
        }

        return new(this, operation, _control);
    }

    /// <summary>For the exporter, which holds the control lock.</summary>
    internal Errno FinishUnderControl(RevocableOperation operation, CancellationToken cancellationToken) =>
        new DmaBufOperation(this, operation, control: null).Finish(cancellationToken);

    internal RevocableOutcome Apply(RevocableOperation operation, RevocableStep step)
    {
        lock (_gate)
        {
            RevocableOutcome outcome = _options.Rules.Apply(step, ref _state);
            if (outcome.Kind != RevocableOutcomeKind.Blocked)
            {
                Report(operation, step, -1);
                if (step == RevocableStep.UncountMapping)
                {
                    Monitor.PulseAll(_gate);
                }
            }

            return outcome;
        }
    }

    /// <summary>Waits while a step of the state would.</summary>
    internal void WaitFor(RevocableStep step, CancellationToken cancellationToken)
    {
        using CancellationTokenRegistration registration = cancellationToken.UnsafeRegister(static buffer => ((DmaBuf)buffer!).Wake(), this);
        lock (_gate)
        {
            RevocableState state = _state;
            while (_options.Rules.Apply(step, ref state).Kind == RevocableOutcomeKind.Blocked)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Monitor.Wait(_gate);
                state = _state;
            }
        }
    }

    /// <summary>Notes a domain that flushes lazily: its IOTLB may remember what was just unmapped.</summary>
    internal void NoteStale(IIommuDomain domain)
    {
        lock (_gate)
        {
            _stale.Add(domain);
        }
    }

    internal void FlushStale()
    {
        lock (_gate)
        {
            foreach (IIommuDomain domain in _stale)
            {
                domain.FlushAll();
            }

            _stale.Clear();
        }
    }

    internal void Trace(RevocableOperation operation, RevocableStep step, int importer = -1)
    {
        if (_options.Observer is not null)
        {
            lock (_gate)
            {
                Report(operation, step, importer);
            }
        }
    }

    private void Report(RevocableOperation operation, RevocableStep step, int importer) =>
        _options.Observer?.Invoke(this, new(Environment.CurrentManagedThreadId, operation, step, importer, _state));

    private Errno Finish(RevocableOperation operation, CancellationToken cancellationToken) => Begin(operation).Finish(cancellationToken);

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }
}
