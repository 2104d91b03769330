// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>Where an operation has got to in its program.</summary>
/// <param name="Operation">Which program.</param>
/// <param name="Index">Which step is next.</param>
/// <param name="Importer">At <see cref="RevocableStep.TellImporters"/>: how many importers it has gone by.</param>
/// <param name="IsLeaving">Whether only locks are given back from here on.</param>
public record struct RevocableFrame(RevocableOperation Operation, int Index, int Importer, bool IsLeaving)
{
    /// <summary>The beginning of an operation.</summary>
    public RevocableFrame(RevocableOperation operation)
        : this(operation, 0, 0, false)
    {
    }

    /// <summary>The step that is next; <see cref="RevocableStep.Done"/> at the end.</summary>
    public readonly RevocableStep Step(RevocableRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        ReadOnlySpan<RevocableStep> program = rules.Program(Operation);
        return Index < program.Length ? program[Index] : RevocableStep.Done;
    }

    /// <summary>Goes to the next step; once leaving, to the next that gives a lock back.</summary>
    public void Advance(RevocableRules rules)
    {
        Importer = 0;
        do
        {
            Index++;
        }
        while (IsLeaving && Step(rules) is not (RevocableStep.Done or RevocableStep.GiveControl or RevocableStep.GiveReservation));
    }

    /// <summary>Ends the program early: locks are given back, nothing else.</summary>
    public void Leave(RevocableRules rules)
    {
        IsLeaving = true;
        Advance(rules);
    }
}
