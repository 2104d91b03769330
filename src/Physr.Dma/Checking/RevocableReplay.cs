// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>Follows the trace of a real buffer (<see cref="Sharing.DmaBufOptions.Observer"/>) through the protocol, and says where the buffer did something that the rules do not
/// allow: it ties what runs on threads to what the checker proved. One per buffer; one thread at a time.</summary>
public sealed class RevocableReplay
{
    private readonly RevocableRules _rules;
    private readonly Dictionary<int, Stack<RevocableFrame>> _frames = [];
    private ReplayWorld _world;

    /// <summary>Begins with a new buffer.</summary>
    /// <param name="initial">The buffer's state when its first step is traced.</param>
    /// <param name="rules">The rules to follow; null for the shipped ones.</param>
    public RevocableReplay(RevocableState initial, RevocableRules? rules = null)
    {
        _rules = rules ?? RevocableRules.Shipped;
        _world = new(_rules, initial);
    }

    /// <summary>Steps followed so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Operations that came to their end.</summary>
    public long Operations { get; private set; }

    /// <summary>Follows one more step.</summary>
    /// <param name="entry">The step.</param>
    /// <returns>Null where the rules allow it; else why they do not, after which the replay is of no more use.</returns>
    public string? Follow(RevocableTraceEntry entry)
    {
        Steps++;
        string? wrong = entry.Operation == RevocableOperation.None ? FollowOwn(entry) : FollowOperation(entry);
        if (wrong is null && entry.After != _world.State)
        {
            wrong = $"the state should be ({_world.State})";
        }

        return wrong is null ? null : $"step {Steps}: {entry}: {wrong}";
    }

    /// <summary>Whether the trace may end here.</summary>
    /// <returns>Null where every operation came to its end and every lock was given back; else what is open.</returns>
    public string? End()
    {
        foreach ((int thread, Stack<RevocableFrame> open) in _frames)
        {
            if (open.TryPeek(out RevocableFrame frame) && !IsGivenUp(frame))
            {
                return $"thread {thread} is in {frame.Operation} at {frame.Step(_rules)}";
            }
        }

        return _world.ControlOwner != 0 || _world.ReservationOwner != 0 ? "a lock is held" : null;
    }

    /// <summary>A map whose addresses could not be made ends without a further step.</summary>
    private bool IsGivenUp(RevocableFrame frame) => frame.Operation == RevocableOperation.Map && frame.Step(_rules) == RevocableStep.Establish;

    private string? FollowOwn(RevocableTraceEntry entry)
    {
        _world.Thread = entry.Thread;
        switch (entry.Step)
        {
            case RevocableStep.SignalFence:
                return --_world.Fences < 0 ? "no fence is pending" : null;
            case RevocableStep.TakeReservation:
                return _world.Perform(entry.Step).Kind == RevocableOutcomeKind.Blocked ? $"thread {_world.ReservationOwner} holds the lock" : null;
            case var _ when _world.ReservationOwner != entry.Thread:
                return "it does not hold the reservation lock";
            case RevocableStep.AddFence:
                _world.Fences++;
                return null;
            case RevocableStep.Attach when _world.State.Phase != RevocablePhase.Usable:
                return "nobody attaches to a revoked buffer";
            case RevocableStep.Attach:
                _world.ImporterCount++;
                return null;
            case RevocableStep.Detach:
                return --_world.ImporterCount < 0 ? "nobody is attached" : null;
            default:
                _world.Perform(entry.Step);
                return null;
        }
    }

    private string? FollowOperation(RevocableTraceEntry entry)
    {
        if (!_frames.TryGetValue(entry.Thread, out Stack<RevocableFrame>? open))
        {
            _frames[entry.Thread] = open = new();
        }

        _world.Thread = entry.Thread;
        _world.Told = entry.Importer;
        if (open.TryPeek(out RevocableFrame given) && IsGivenUp(given) && (given.Operation != entry.Operation || given.Step(_rules) != entry.Step))
        {
            open.Pop();
        }

        bool isOpen = open.TryPeek(out RevocableFrame frame) && frame.Operation == entry.Operation;
        if (isOpen && frame.Step(_rules) is RevocableStep.AwaitFences or RevocableStep.AwaitDrain && entry.Step is RevocableStep.GiveReservation or RevocableStep.GiveControl)
        {
            // The wait was given up: what is held is given back, and the operation ends.
            frame.Leave(_rules);
        }

        if (!isOpen)
        {
            bool isImporters = entry.Operation is RevocableOperation.Map or RevocableOperation.Unmap;
            if (isImporters ? _world.ReservationOwner != entry.Thread : open.Count != 0)
            {
                return isImporters ? "it does not hold the reservation lock" : "the thread is in another operation";
            }

            frame = new(entry.Operation);
            open.Push(frame);
        }

        if (frame.Step(_rules) != entry.Step)
        {
            return $"{frame.Step(_rules)} comes next";
        }

        if (RevocableInterpreter.Step(_rules, ref frame, ref _world).Kind == RevocableOutcomeKind.Blocked)
        {
            return "it had to wait here";
        }

        open.Pop();
        if (frame.Step(_rules) == RevocableStep.Done)
        {
            Operations++;
        }
        else
        {
            open.Push(frame);
        }

        return null;
    }
}
