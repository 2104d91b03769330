// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Fabric;

/// <summary>The next part of a request that takes one way, and, behind an IOMMU, what was already asked of it for the part after that.</summary>
internal ref struct RouteStep
{
    /// <summary>The way; one to nowhere where the request ends.</summary>
    public FabricRoute Route;

    /// <summary>Where in the route's range the part begins.</summary>
    public ulong Offset;

    /// <summary>How many bytes take this way.</summary>
    public int Length;

    /// <summary>How long the IOMMU walked before the part could go on.</summary>
    public SimTime Walked;

    /// <summary>Whether the translation after this part is known.</summary>
    public bool HasAhead;

    /// <summary>Whether it was refused.</summary>
    public bool IsRefusedAhead;

    /// <summary>Where it leads.</summary>
    public ulong PhysicalAhead;

    /// <summary>How far it goes on.</summary>
    public ulong LengthAhead;
}
