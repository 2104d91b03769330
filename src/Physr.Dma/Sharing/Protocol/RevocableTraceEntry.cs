// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>One step as a buffer did it, for <see cref="Checking.RevocableReplay"/>.</summary>
/// <param name="Thread">Which thread; a thread's operations nest (an importer unmaps while it is called).</param>
/// <param name="Operation">Of which operation; <see cref="RevocableOperation.None"/> for an importer's or device's own step.</param>
/// <param name="Step">The step.</param>
/// <param name="Importer">At <see cref="RevocableStep.TellImporters"/>: which was called; -1 where none is attached. Otherwise -1.</param>
/// <param name="After">The state after it.</param>
public readonly record struct RevocableTraceEntry(int Thread, RevocableOperation Operation, RevocableStep Step, int Importer, RevocableState After)
{
    /// <summary>The step as a line of a trace.</summary>
    public override string ToString() =>
        $"thread {Thread}: {Operation}: {Step}{(Importer >= 0 ? $" {Importer}" : "")} ({After})";
}
