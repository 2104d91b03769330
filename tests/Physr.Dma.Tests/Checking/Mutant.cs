// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Tests.Checking;

/// <summary>The shipped rules with one thing wrong.</summary>
internal sealed class Mutant(RevocableOperation operation, Func<RevocableStep[], RevocableStep[]> change) : RevocableRules
{
    private readonly RevocableStep[] _program = change(Shipped.Program(operation).ToArray());

    public bool SkipsTheLastImporter { get; init; }

    public bool TrustsARevokeThatIsNotDone { get; init; }

    public static Mutant Without(RevocableOperation operation, params RevocableStep[] steps) =>
        new(operation, program => [.. program.Where(step => !steps.Contains(step))]);

    /// <summary>One step taken out and put in again before another.</summary>
    public static Mutant Moved(RevocableOperation operation, RevocableStep step, RevocableStep before) =>
        new(operation, program => [.. program.Where(other => other != step).SelectMany(other => other == before ? new[] { step, other } : [other])]);

    public static Mutant Swapped(RevocableOperation operation, RevocableStep one, RevocableStep other) =>
        new(operation, program => [.. program.Select(step => step == one ? other : step == other ? one : step)]);

    public static Mutant Unchanged() => new(RevocableOperation.Map, static program => program);

    public override ReadOnlySpan<RevocableStep> Program(RevocableOperation which) => which == operation ? _program : base.Program(which);

    public override int NextToTell(int told, int importers) => base.NextToTell(told, SkipsTheLastImporter ? importers - 1 : importers);

    public override RevocableOutcome Apply(RevocableStep step, ref RevocableState state) =>
        TrustsARevokeThatIsNotDone && step == RevocableStep.LeaveIfRevoked && state.Phase != RevocablePhase.Usable
            ? RevocableOutcome.Leave()
            : base.Apply(step, ref state);
}
