// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>A whole run as its author wrote it, checked: names are unique, references resolve, sizes are possible. See <c>docs/scenarios.md</c> for the keys.</summary>
/// <param name="Name">The scenario's name.</param>
/// <param name="Seed">The seed when the command line gives none.</param>
/// <param name="Host">CPU, RAM and rules.</param>
/// <param name="Fabric">Host bridges, ports, switches and devices, parents before children.</param>
/// <param name="Initiators">Remote peers beyond the NICs.</param>
/// <param name="Transfers">What is moved, in order; the same over each route.</param>
/// <param name="Routes">The ways to move it.</param>
/// <param name="Faults">What goes wrong, and when.</param>
public sealed record Scenario(
    string Name,
    ulong Seed,
    HostSpec Host,
    IReadOnlyList<FabricSpec> Fabric,
    IReadOnlyList<InitiatorSpec> Initiators,
    IReadOnlyList<TransferSpec> Transfers,
    IReadOnlyList<RouteSpec> Routes,
    IReadOnlyList<FaultSpec> Faults)
{
    /// <summary>What is lent, in a scenario of <c>kind: slices</c>, which has no transfers of its own; null in others.</summary>
    public SlicesSpec? Slices { get; init; }

    /// <summary>The file on an array of persistent memory, in a scenario of <c>kind: storage</c>, which has no transfers of its own; null in others.</summary>
    public StorageSpec? Storage { get; init; }

    /// <summary>What a process and a GPU do, in a scenario of <c>kind: unaddressable</c>, which has no transfers of its own; null in others.</summary>
    public UnaddressableSpec? Unaddressable { get; init; }
}
