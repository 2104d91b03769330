// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>What a <see cref="RevocableReplay"/> knows of the buffer it follows: its state, its locks, its importers and how many fences are pending.</summary>
internal struct ReplayWorld(RevocableRules rules, RevocableState state) : IRevocableWorld
{
    private RevocableState _state = state;

    public readonly RevocableState State => _state;

    /// <summary>Whose step is followed.</summary>
    public int Thread { get; set; }

    /// <summary>Which importer the trace says was told.</summary>
    public int Told { get; set; }

    public int ImporterCount { get; set; }

    public int Fences { get; set; }

    public int ControlOwner { get; private set; }

    public int ReservationOwner { get; private set; }

    public RevocableOutcome Apply(RevocableStep step) => rules.Apply(step, ref _state);

    public RevocableOutcome Perform(RevocableStep step)
    {
        switch (step)
        {
            case RevocableStep.TakeControl when ControlOwner != 0:
            case RevocableStep.TakeReservation when ReservationOwner != 0:
            case RevocableStep.AwaitFences when Fences != 0:
                return RevocableOutcome.Blocked;
            case RevocableStep.TakeControl:
                ControlOwner = Thread;
                break;
            case RevocableStep.GiveControl when ControlOwner == Thread:
                ControlOwner = 0;
                break;
            case RevocableStep.TakeReservation:
                ReservationOwner = Thread;
                break;
            case RevocableStep.GiveReservation when ReservationOwner == Thread:
                ReservationOwner = 0;
                break;
            default:
                break;
        }

        return RevocableOutcome.Advance;
    }

    public readonly RevocableOutcome Tell(int importer) => importer == Told ? RevocableOutcome.Advance : RevocableOutcome.Blocked;
}
