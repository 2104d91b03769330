// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Checking;

/// <summary>A revocable buffer with up to three importers and their devices, and one or two threads that revoke, un-revoke and close it, in every interleaving of their atomic
/// steps. Two things are proved of it: once a revoke or a close has returned no device reaches the bytes until an un-revoke, and nobody waits for ever (row R69).</summary>
/// <remarks>What runs are the rules and the interpreter of <see cref="Sharing.DmaBuf"/>. Give it rules or importers of your own to see what they would break.</remarks>
public sealed partial class RevocableModel : IStateModel<RevocableModelState>
{
    /// <summary>The most importers.</summary>
    public const int MaxImporters = 3;

    /// <summary>The most threads that control.</summary>
    public const int MaxControllers = 2;

    private const int Kinds = 16;
    private static readonly RevocableOperation[] s_operations = [RevocableOperation.Revoke, RevocableOperation.Unrevoke, RevocableOperation.Close];

    private readonly RevocableModelOptions _options;

    /// <summary>Makes the model.</summary>
    /// <param name="options">How large, by which rules.</param>
    public RevocableModel(RevocableModelOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InRange(options.Importers.Count, 1, MaxImporters, "importers");
        InRange(options.Rounds, 1, 3, "rounds");
        InRange(options.Controllers, 1, MaxControllers, "controllers");
        InRange(options.Operations, 1, 7, "operations");
        _options = options;
        foreach (RevocableOperation operation in s_operations)
        {
            InRange(options.Rules.Program(operation).Length, 0, 15, "steps of a program");
        }

        InRange(options.Rules.Program(RevocableOperation.Map).Length, 0, 7, "steps of the map program");
        InRange(options.Rules.Program(RevocableOperation.Unmap).Length, 0, 7, "steps of the unmap program");
    }

    /// <inheritdoc/>
    public RevocableModelState Initial
    {
        get
        {
            RevocablePhase phase = _options.IsRevokedAtFirst ? RevocablePhase.Revoked : RevocablePhase.Usable;
            RevocableModelState state = default(RevocableModelState).With(new RevocableState(phase, false, 0)).WithPromise(_options.IsRevokedAtFirst);
            for (int i = 0; i < _options.Controllers; i++)
            {
                state = state.With(i, new ModelController(_options.Operations, default, HasGivenUp: false));
            }

            for (int i = 0; i < _options.Importers.Count; i++)
            {
                state = state.With(i, new ModelImporter { Rounds = _options.Rounds });
            }

            return state;
        }
    }

    /// <summary>Explores the model of some options.</summary>
    public static StateSpaceResult Check(RevocableModelOptions options) => StateSpace.Explore(new RevocableModel(options));

    /// <inheritdoc/>
    public void Expand(RevocableModelState state, List<StateStep<RevocableModelState>> steps)
    {
        ArgumentNullException.ThrowIfNull(steps);
        for (int i = 0; i < _options.Controllers; i++)
        {
            ExpandController(state, i, steps);
        }

        for (int i = 0; i < _options.Importers.Count; i++)
        {
            ExpandImporter(state, i, steps);
            ExpandDevice(state, i, steps);
        }
    }

    /// <inheritdoc/>
    public string? FindViolation(RevocableModelState state)
    {
        if (state.Buffer.Mappings is < 0 or > MaxImporters)
        {
            return "mappings are miscounted";
        }

        for (int i = 0; i < _options.Importers.Count && state.IsPromised; i++)
        {
            ModelImporter importer = state.Importer(i);
            bool isReached = importer.IsBusy && _options.Importers[i].Path == DevicePath.Direct;
            if (importer.IsLive || importer.IsStale || isReached)
            {
                string why = importer.IsLive ? "its mapping survived" : importer.IsStale ? "its IOMMU remembers the address" : "its transfer is in flight";
                return $"device {i} reaches the bytes although a revoke or a close has returned: {why}";
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public bool MayRest(RevocableModelState state)
    {
        for (int i = 0; i < _options.Controllers; i++)
        {
            if (!state.Controller(i).IsIdle)
            {
                return false;
            }
        }

        for (int i = 0; i < _options.Importers.Count; i++)
        {
            ModelImporter importer = state.Importer(i);
            bool keeps = importer is { Place: ModelPlace.Mapped, IsTold: false } && _options.Importers[i].HoldsUntilTold;
            if (importer.IsBusy || importer.HoldsOwnLock || !(keeps || importer.Place == ModelPlace.Idle))
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public string Describe(RevocableModelState before, int action)
    {
        int actor = action / Kinds;
        int kind = action % Kinds;
        if (actor < MaxControllers)
        {
            ModelController controller = before.Controller(actor);
            return controller.IsIdle ? $"controller {actor}: begins {s_operations[kind]}"
                : kind == GiveUp ? $"controller {actor}: {controller.Frame.Operation}: gives up {controller.Frame.Step(_options.Rules)}"
                : $"controller {actor}: {controller.Frame.Operation}: {controller.Frame.Step(_options.Rules)}{(IsTelling(controller) ? $" {controller.Frame.Importer}" : "")} ({before.Buffer})";
        }

        int index = actor - MaxControllers;
        return kind == StepFrame
            ? $"importer {index}: {before.Importer(index).Frame.Operation}: {before.Importer(index).Frame.Step(_options.Rules)}"
            : $"{(kind == Signal ? "device" : "importer")} {index}: {s_kindNames[kind]}";
    }

    private static void InRange(int value, int least, int most, string what)
    {
        if (value < least || value > most)
        {
            throw new ArgumentException($"{value} {what}: the model takes {least} to {most}.");
        }
    }

    private bool IsTelling(ModelController controller) => controller.Frame.Step(_options.Rules) == RevocableStep.TellImporters;
}
