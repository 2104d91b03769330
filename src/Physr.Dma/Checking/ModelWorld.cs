// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>The picture of a buffer in which one actor's step runs; the interpreter and the rules are those of the shipped buffer.</summary>
internal struct ModelWorld(RevocableModelOptions options, RevocableModelState state, int actor, int importer) : IRevocableWorld
{
    public RevocableModelState State { get; private set; } = state;

    public readonly int ImporterCount => options.Importers.Count;

    public RevocableOutcome Apply(RevocableStep step)
    {
        RevocableState buffer = State.Buffer;
        RevocableOutcome outcome = options.Rules.Apply(step, ref buffer);
        State = State.With(buffer);
        if (step == RevocableStep.AllowMapping)
        {
            State = State.WithPromise(false);
        }

        return outcome;
    }

    public RevocableOutcome Perform(RevocableStep step)
    {
        switch (step)
        {
            case RevocableStep.TakeControl when State.ControlOwner != 0:
            case RevocableStep.TakeReservation when State.ReservationOwner != 0:
            case RevocableStep.AwaitFences when AnyBusy():
                return RevocableOutcome.Blocked;
            case RevocableStep.TakeControl:
                State = State.WithControlOwner(actor);
                break;
            case RevocableStep.GiveControl when State.ControlOwner == actor:
                State = State.WithControlOwner(0);
                break;
            case RevocableStep.TakeReservation:
                State = State.WithReservationOwner(actor);
                break;
            case RevocableStep.GiveReservation when State.ReservationOwner == actor:
                State = State.WithReservationOwner(0);
                break;
            case RevocableStep.FlushStale:
                Flush();
                break;
            case RevocableStep.Establish:
                State = State.With(importer, State.Importer(importer) with { IsLive = true, HasTransferred = false, IsTold = false });
                break;
            case RevocableStep.DropTranslation:
                ModelImporter dropping = State.Importer(importer);
                dropping.IsStale |= options.Importers[importer].Path == DevicePath.LazyIommu;
                State = State.With(importer, dropping with { IsLive = false });
                break;
            default:
                break;
        }

        return RevocableOutcome.Advance;
    }

    public RevocableOutcome Tell(int told)
    {
        if (told < 0)
        {
            return RevocableOutcome.Advance;
        }

        ModelImporter view = State.Importer(told);
        if (view.HoldsOwnLock)
        {
            return RevocableOutcome.Blocked;
        }

        if (!view.IsLive || State.Buffer.Phase == RevocablePhase.Usable)
        {
            return RevocableOutcome.Advance;
        }

        if (!options.Importers[told].UnmapsWhenTold)
        {
            State = State.With(told, view with { IsTold = true });
            return RevocableOutcome.Advance;
        }

        // The importer's unmap inside the call: under the reservation lock, which nobody else can take, so that it may count as one step.
        ModelWorld callback = new(options, State, actor, told);
        RevocableFrame unmap = new(RevocableOperation.Unmap);
        Errno errno = Errno.None;
        bool isOver = RevocableInterpreter.Run(options.Rules, ref unmap, ref callback, ref errno);
        State = callback.State;
        return isOver ? RevocableOutcome.Advance : RevocableOutcome.Blocked;
    }

    private readonly bool AnyBusy()
    {
        for (int i = 0; i < ImporterCount; i++)
        {
            if (State.Importer(i).IsBusy)
            {
                return true;
            }
        }

        return false;
    }

    private void Flush()
    {
        for (int i = 0; i < ImporterCount; i++)
        {
            State = State.With(i, State.Importer(i) with { IsStale = false });
        }
    }
}
