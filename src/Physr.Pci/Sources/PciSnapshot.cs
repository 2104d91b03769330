// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Routing;
using Physr.Pci.Topology;

namespace Physr.Pci.Sources;

/// <summary>Everything a peer-to-peer verdict depends on, as read from one host or capture.</summary>
/// <param name="Topology">The tree of functions.</param>
/// <param name="Processor">Processor 0.</param>
/// <param name="Kernel">The release the host ran, where it said so.</param>
/// <param name="Diagnostics">What could not be read or made no sense, and what was assumed.</param>
public sealed record PciSnapshot(PciTopology Topology, ProcessorIdentity Processor, KernelRelease? Kernel, IReadOnlyList<PciDiagnostic> Diagnostics)
{
    /// <summary>The rules to judge by: a chosen release, else the host's own, else the newest known.</summary>
    public P2PRules RulesFor(KernelRelease? chosen = null) => new(chosen ?? Kernel ?? KernelRelease.Newest, Processor.IsZen);

    /// <summary>What to tell with verdicts by <paramref name="rules"/>: the diagnostics, and whose rules are used where the release's own are not known.</summary>
    public IReadOnlyList<PciDiagnostic> NotesFor(P2PRules rules) => rules.Judged == rules.Release
        ? Diagnostics
        : [.. Diagnostics, new("kernel", "release", $"the rules of Linux {rules.Release} are not known", $"judged by those of Linux {rules.Judged}")];
}
