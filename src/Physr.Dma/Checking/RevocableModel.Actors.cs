// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <content>Who can do what next.</content>
public sealed partial class RevocableModel
{
    private const int TakeOwnLock = 0;
    private const int GiveOwnLock = 1;
    private const int TakeToMap = 2;
    private const int TakeToStart = 3;
    private const int TakeToUnmap = 4;
    private const int StepFrame = 5;
    private const int EndMap = 6;
    private const int EndStart = 7;
    private const int EndUnmap = 8;
    private const int Notice = 9;
    private const int Signal = 10;
    private const int GiveUp = 11;

    private static readonly string[] s_kindNames =
    [
        "takes its own lock",
        "gives its own lock back",
        "takes the reservation lock to map",
        "takes the reservation lock to start a transfer",
        "takes the reservation lock to unmap",
        "",
        "gives the reservation lock back after mapping",
        "starts a transfer if it may, and gives the reservation lock back",
        "gives the reservation lock back after unmapping",
        "finds that its mapping is gone",
        "ends its transfer and signals the fence",
    ];

    private void ExpandController(RevocableModelState state, int index, List<StateStep<RevocableModelState>> steps)
    {
        ModelController controller = state.Controller(index);
        if (controller.IsIdle)
        {
            for (int i = 0; i < s_operations.Length && controller.Left > 0; i++)
            {
                steps.Add(new((index * Kinds) + i, state.With(index, new ModelController(controller.Left - 1, new(s_operations[i]), HasGivenUp: false))));
            }

            return;
        }

        RevocableRules rules = _options.Rules;
        RevocableFrame frame = controller.Frame;
        if (_options.MayGiveUp && frame.Step(rules) is RevocableStep.AwaitFences or RevocableStep.AwaitDrain)
        {
            RevocableFrame left = frame;
            left.Leave(rules);
            steps.Add(new((index * Kinds) + GiveUp, state.With(index, controller with { Frame = left, HasGivenUp = true })));
        }

        ModelWorld world = new(_options, state, index + 1, 0);
        if (RevocableInterpreter.Step(rules, ref frame, ref world).Kind == RevocableOutcomeKind.Blocked)
        {
            return;
        }

        RevocableModelState next = world.State;
        if (frame.Step(rules) == RevocableStep.Done)
        {
            next = next.WithPromise(next.IsPromised || (frame.Operation != RevocableOperation.Unrevoke && !controller.HasGivenUp));
            frame = default;
        }

        steps.Add(new(index * Kinds, next.With(index, controller with { Frame = frame })));
    }

    private void ExpandImporter(RevocableModelState state, int index, List<StateStep<RevocableModelState>> steps)
    {
        ModelImporter importer = state.Importer(index);
        switch (importer.Place)
        {
            case ModelPlace.Idle:
                TryTake(TakeToMap, ModelPlace.Mapping, importer.Rounds > 0);
                break;
            case ModelPlace.Mapped:
                // It made up its mind before it had the lock: whether it may start is another question once it has.
                TryTake(TakeToStart, ModelPlace.Starting, !importer.HasTransferred);
                TryTake(TakeToUnmap, ModelPlace.Unmapping, MayUnmap(importer, index));
                if (!importer.IsLive && !importer.HoldsOwnLock)
                {
                    Add(Notice, state, importer with { Place = ModelPlace.Idle });
                }

                break;
            case ModelPlace.Starting:
                bool starts = !_options.Importers[index].LooksBeforeItStarts || (importer.IsLive && !importer.IsTold);
                Give(EndStart, importer with { Place = ModelPlace.Mapped, IsBusy = importer.IsBusy || starts, HasTransferred = true });
                break;
            case ModelPlace.Mapping when importer.Frame.Step(_options.Rules) == RevocableStep.Done:
                Give(EndMap, importer with { Place = importer.IsLive ? ModelPlace.Mapped : ModelPlace.Idle, Rounds = importer.Rounds - 1 });
                break;
            case ModelPlace.Unmapping when importer.Frame.Step(_options.Rules) == RevocableStep.Done:
                Give(EndUnmap, importer with { Place = ModelPlace.Idle, IsTold = false });
                break;
            default:
                StepImporter(state, index, importer, steps);
                break;
        }

        // Whoever locks itself first does so before each of these, and gives that up where nothing is left to do.
        if (importer is { HoldsOwnLock: true, Place: ModelPlace.Idle or ModelPlace.Mapped } && !WantsSomething(importer, index))
        {
            Add(GiveOwnLock, state, importer with { HoldsOwnLock = false });
        }

        void TryTake(int kind, ModelPlace place, bool wants)
        {
            if (!wants)
            {
                return;
            }

            if (_options.Importers[index].LocksItselfFirst && !importer.HoldsOwnLock)
            {
                Add(TakeOwnLock, state, importer with { HoldsOwnLock = true });
            }
            else if (state.ReservationOwner == 0)
            {
                Add(kind, state.WithReservationOwner(Actor(index)), importer with { Place = place, Frame = default });
            }
        }

        void Give(int kind, ModelImporter after) => Add(kind, state.WithReservationOwner(0), after with { Frame = default, HoldsOwnLock = false });

        void Add(int kind, RevocableModelState next, ModelImporter after) => steps.Add(new(((index + MaxControllers) * Kinds) + kind, next.With(index, after)));
    }

    private void StepImporter(RevocableModelState state, int index, ModelImporter importer, List<StateStep<RevocableModelState>> steps)
    {
        RevocableFrame frame = importer.Frame;
        ModelWorld world = new(_options, state, Actor(index), index);
        if (RevocableInterpreter.Step(_options.Rules, ref frame, ref world).Kind != RevocableOutcomeKind.Blocked)
        {
            ModelImporter after = world.State.Importer(index) with { Frame = frame };
            steps.Add(new(((index + MaxControllers) * Kinds) + StepFrame, world.State.With(index, after)));
        }
    }

    private void ExpandDevice(RevocableModelState state, int index, List<StateStep<RevocableModelState>> steps)
    {
        ModelImporter importer = state.Importer(index);
        if (importer.IsBusy && (!_options.Importers[index].SignalsUnderReservation || state.ReservationOwner == 0))
        {
            steps.Add(new(((index + MaxControllers) * Kinds) + Signal, state.With(index, importer with { IsBusy = false })));
        }
    }

    private bool WantsSomething(ModelImporter importer, int index) =>
        importer.Place == ModelPlace.Idle ? importer.Rounds > 0 : !importer.HasTransferred || MayUnmap(importer, index);

    /// <summary>It waits for its own transfers first.</summary>
    private bool MayUnmap(ModelImporter importer, int index) =>
        importer is { IsLive: true, IsBusy: false } && (importer.IsTold || !_options.Importers[index].HoldsUntilTold);

    private static int Actor(int importer) => importer + MaxControllers + 1;
}
