// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Fabric;

/// <summary>The way of one requester to one target, found hop by hop and kept until something on the fabric changes.</summary>
internal sealed class FabricRoute
{
    /// <summary>Bus addresses, as the requester puts them on its bus, that take this way.</summary>
    public required DmaRange Range { get; init; }

    public required RouteTarget Target { get; init; }

    /// <summary>What a request crosses, in order.</summary>
    public required ByteMeter[] Request { get; init; }

    /// <summary>What the completion of a read crosses, in order.</summary>
    public required ByteMeter[] Completion { get; init; }

    /// <summary>The links of both ways, to see whether one is down.</summary>
    public required FabricLink[] Links { get; init; }

    /// <summary>Whether the way leads through the root complex.</summary>
    public required bool ThroughRootComplex { get; init; }

    /// <summary>The target device, of a BAR.</summary>
    public FabricNode? Node { get; init; }

    /// <summary>Which BAR.</summary>
    public int Bar { get; init; }

    /// <summary>Offset in RAM, or in the BAR, of the range's first byte.</summary>
    public ulong TargetOffset { get; init; }

    /// <summary>Why nothing was reached, where nothing was.</summary>
    public string Refusal { get; init; } = "";
}
