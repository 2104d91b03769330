// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>The revocation protocol as data: a program of atomic steps for each operation, and what each step does to the state. <see cref="DmaBuf"/> runs exactly this,
/// and <see cref="Checking.RevocableModel"/> enumerates exactly this, so that what is proved of one holds of the other (section 1.7, row R69).</summary>
/// <remarks>Derive from it to try other rules: hand them to the checker first. The promise of the shipped rules is that no mapping survives the return of a revoke.
/// Locks are taken in the order control, reservation, an importer's own; the control lock alone is held while mappings drain, because importers unmap under the other two.</remarks>
public class RevocableRules
{
    private static readonly RevocableStep[] s_map = [RevocableStep.RefuseUnlessUsable, RevocableStep.Establish, RevocableStep.CountMapping];
    private static readonly RevocableStep[] s_unmap = [RevocableStep.DropTranslation, RevocableStep.UncountMapping];

    private static readonly RevocableStep[] s_revoke =
    [
        RevocableStep.TakeControl,
        RevocableStep.LeaveIfRevoked,
        RevocableStep.TakeReservation,
        RevocableStep.ForbidMapping,
        RevocableStep.TellImporters,
        RevocableStep.AwaitFences,
        RevocableStep.GiveReservation,
        RevocableStep.AwaitDrain,
        RevocableStep.FlushStale,
        RevocableStep.Settle,
        RevocableStep.GiveControl,
    ];

    private static readonly RevocableStep[] s_unrevoke =
    [
        RevocableStep.TakeControl,
        RevocableStep.LeaveUnlessRevoked,
        RevocableStep.TakeReservation,
        RevocableStep.AllowMapping,
        RevocableStep.TellImporters,
        RevocableStep.GiveReservation,
        RevocableStep.GiveControl,
    ];

    private static readonly RevocableStep[] s_close =
    [
        RevocableStep.TakeControl,
        RevocableStep.LeaveIfClosed,
        RevocableStep.TakeReservation,
        RevocableStep.MarkClosed,
        RevocableStep.ForbidMapping,
        RevocableStep.TellImporters,
        RevocableStep.AwaitFences,
        RevocableStep.GiveReservation,
        RevocableStep.AwaitDrain,
        RevocableStep.FlushStale,
        RevocableStep.Settle,
        RevocableStep.GiveControl,
    ];

    /// <summary>The rules that <see cref="DmaBuf"/> runs unless told otherwise.</summary>
    public static RevocableRules Shipped { get; } = new();

    /// <summary>The steps of an operation, in order.</summary>
    public virtual ReadOnlySpan<RevocableStep> Program(RevocableOperation operation) => operation switch
    {
        RevocableOperation.Map => s_map,
        RevocableOperation.Unmap => s_unmap,
        RevocableOperation.Revoke => s_revoke,
        RevocableOperation.Unrevoke => s_unrevoke,
        RevocableOperation.Close => s_close,
        _ => [],
    };

    /// <summary>Which importer is called next.</summary>
    /// <param name="told">How many were gone by.</param>
    /// <param name="importers">How many are attached.</param>
    /// <returns>Its place, at least <paramref name="told"/>; -1 where all were.</returns>
    public virtual int NextToTell(int told, int importers) => told < importers ? told : -1;

    /// <summary>Does a step that is of the state alone; pure, and called with no other step in between.</summary>
    /// <param name="step">The step; one that is not of the state (<see cref="IsOfState"/>) advances and changes nothing.</param>
    /// <param name="state">The state.</param>
    public virtual RevocableOutcome Apply(RevocableStep step, ref RevocableState state)
    {
        switch (step)
        {
            case RevocableStep.RefuseUnlessUsable:
                return state.Phase == RevocablePhase.Usable ? RevocableOutcome.Advance : RevocableOutcome.Leave(Errno.ENODEV);
            case RevocableStep.LeaveIfRevoked:
                return state.Phase == RevocablePhase.Revoked ? RevocableOutcome.Leave() : RevocableOutcome.Advance;
            case RevocableStep.LeaveIfClosed:
                return state is { Phase: RevocablePhase.Revoked, IsClosed: true } ? RevocableOutcome.Leave() : RevocableOutcome.Advance;
            case RevocableStep.LeaveUnlessRevoked when state.IsClosed:
                return RevocableOutcome.Leave(Errno.ENODEV);
            case RevocableStep.LeaveUnlessRevoked when state.Phase != RevocablePhase.Revoked:
                return RevocableOutcome.Leave(state.Phase == RevocablePhase.Usable ? Errno.None : Errno.EBUSY);
            case RevocableStep.ForbidMapping:
                state = state with { Phase = RevocablePhase.Revoking };
                return RevocableOutcome.Advance;
            case RevocableStep.AllowMapping:
                state = state with { Phase = RevocablePhase.Usable };
                return RevocableOutcome.Advance;
            case RevocableStep.MarkClosed:
                state = state with { IsClosed = true };
                return RevocableOutcome.Advance;
            case RevocableStep.AwaitDrain:
                return state.Mappings == 0 ? RevocableOutcome.Advance : RevocableOutcome.Blocked;
            case RevocableStep.Settle:
                state = state with { Phase = RevocablePhase.Revoked };
                return RevocableOutcome.Advance;
            case RevocableStep.CountMapping:
                state = state with { Mappings = checked(state.Mappings + 1) };
                return RevocableOutcome.Advance;
            case RevocableStep.UncountMapping:
                state = state with { Mappings = state.Mappings - 1 };
                return RevocableOutcome.Advance;
            default:
                return RevocableOutcome.Advance;
        }
    }

    /// <summary>Whether a step is of the state alone; the others take or give locks, call importers, wait for fences or touch translations.</summary>
    public static bool IsOfState(RevocableStep step) => step is
        RevocableStep.RefuseUnlessUsable or RevocableStep.LeaveIfRevoked or RevocableStep.LeaveUnlessRevoked or RevocableStep.LeaveIfClosed or
        RevocableStep.ForbidMapping or RevocableStep.AllowMapping or RevocableStep.MarkClosed or RevocableStep.AwaitDrain or RevocableStep.Settle or
        RevocableStep.CountMapping or RevocableStep.UncountMapping;
}
