// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Sharing;

/// <summary>A revoke, un-revoke or close under way. It belongs to the thread that began it, holds locks between steps, and has to be brought to its end.</summary>
public sealed class DmaBufOperation : IRevocableWorld
{
    private readonly DmaBuf _buffer;
    private readonly Lock? _control;
    private RevocableFrame _frame;
    private Errno _errno;
    private bool _mayWait;
    private bool _holdsControl;
    private bool _holdsReservation;
    private List<Exception>? _thrown;

    internal DmaBufOperation(DmaBuf buffer, RevocableOperation operation, Lock? control)
    {
        _buffer = buffer;
        _control = control;
        _frame = new(operation);
    }

    /// <summary>Which it is.</summary>
    public RevocableOperation Operation => _frame.Operation;

    /// <summary>What comes next: what it waits for, where it waits.</summary>
    public RevocableStep Step => _frame.Step(_buffer.Options.Rules);

    /// <summary>Whether it is over.</summary>
    public bool IsOver => Step == RevocableStep.Done;

    /// <summary>With which answer it ended.</summary>
    public Errno Errno => _errno;

    int IRevocableWorld.ImporterCount => _buffer.AttachmentCount;

    /// <summary>Goes as far as it can without waiting; while it waits for fences it holds the reservation lock, while for mappings it does not.</summary>
    /// <returns>Whether it is over.</returns>
    /// <exception cref="AggregateException">Importers threw when they were told; it is over nevertheless.</exception>
    public bool TryAdvance()
    {
        _mayWait = false;
        return Advance();
    }

    RevocableOutcome IRevocableWorld.Apply(RevocableStep step) => _buffer.Apply(Operation, step);

    RevocableOutcome IRevocableWorld.Perform(RevocableStep step)
    {
        switch (step)
        {
            case RevocableStep.TakeControl when !TryTakeControl():
            case RevocableStep.TakeReservation when !TryTakeReservation():
            case RevocableStep.AwaitFences when _buffer.Reservation.FindPending(DmaFenceUsage.Bookkeep) is not null:
                return RevocableOutcome.Blocked;
            case RevocableStep.FlushStale:
                _buffer.FlushStale();
                break;
            default:
                break;
        }

        _buffer.Trace(Operation, step);
        if (step == RevocableStep.GiveReservation && _holdsReservation)
        {
            _holdsReservation = false;
            _buffer.Reservation.GiveUnobserved();
        }
        else if (step == RevocableStep.GiveControl && _holdsControl)
        {
            _holdsControl = false;
            _control!.Exit();
        }

        return RevocableOutcome.Advance;
    }

    RevocableOutcome IRevocableWorld.Tell(int importer)
    {
        _buffer.Trace(Operation, RevocableStep.TellImporters, importer);
        if (importer >= 0)
        {
            DmaBufAttachment attachment = _buffer.AttachmentAt(importer);
            try
            {
                attachment.Importer.InvalidateMappings(attachment);
            }
            catch (Exception thrown)
            {
                // The promise is owed to everybody else: go on, and say so at the end.
                (_thrown ??= []).Add(thrown);
            }
        }

        return RevocableOutcome.Advance;
    }

    internal Errno Finish(CancellationToken cancellationToken)
    {
        RefuseDeadlock(_buffer.Reservation.IsHeldByCurrentThread, "this thread holds the reservation lock");
        RefuseDeadlock(_control?.IsHeldByCurrentThread == true, "this thread is in a revoke, an un-revoke or a close of the same device");
        RefuseDeadlock(DmaFenceSignalling.IsSignalling, "a fence's signal depends on this thread");
        _mayWait = true;
        while (!Advance())
        {
            try
            {
                Wait(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                _frame.Leave(_buffer.Options.Rules);
                Advance();
                throw;
            }
        }

        return _errno;
    }

    private void Wait(CancellationToken cancellationToken)
    {
        if (Step == RevocableStep.AwaitFences)
        {
            _buffer.Reservation.Wait(DmaFenceUsage.Bookkeep, cancellationToken);
        }
        else
        {
            _buffer.WaitFor(Step, cancellationToken);
        }
    }

    private bool Advance()
    {
        DmaBufOperation self = this;
        bool isOver = RevocableInterpreter.Run(_buffer.Options.Rules, ref _frame, ref self, ref _errno);
        if (isOver && _thrown is { } thrown)
        {
            _thrown = null;
            throw new AggregateException($"{Operation} of {_buffer.Name} is done, but importers threw when they were told.", thrown);
        }

        return isOver;
    }

    private bool TryTakeControl()
    {
        if (_control is null)
        {
            return true;
        }

        // Recursive by itself: a second operation of the same thread waits for ever, so it waits here.
        if (_control.IsHeldByCurrentThread)
        {
            return false;
        }

        if (_mayWait)
        {
            _control.Enter();
            return _holdsControl = true;
        }

        return _holdsControl = _control.TryEnter();
    }

    private bool TryTakeReservation()
    {
        if (_mayWait)
        {
            _buffer.Reservation.Take();
            return _holdsReservation = true;
        }

        return _holdsReservation = _buffer.Reservation.TryTake();
    }

    private void RefuseDeadlock(bool isMisuse, string detail)
    {
        if (isMisuse)
        {
            throw new PhysrException(Operation.ToString(), _buffer.Name, Errno.EDEADLOCK, detail);
        }
    }
}
