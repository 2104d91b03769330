// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <summary>What a world is made of.</summary>
internal sealed record WorldOptions
{
    /// <summary>Pages of the region.</summary>
    public int Pages { get; init; } = 2;

    /// <summary>Pages that may be in its window.</summary>
    public long Budget { get; init; } = 2;

    /// <summary>Pages of which all regions together may have.</summary>
    public long? WholeBudget { get; init; }

    /// <summary>The most pages that the store reads at once.</summary>
    public int RunPages { get; init; } = 4;

    /// <summary>Whether the pager maps its store.</summary>
    public bool IsMapped { get; init; }

    /// <summary>Whether a mark of poison may not be replaced (<see cref="SimulatedKernel.KeepsPoison"/>).</summary>
    public bool KeepsPoison { get; init; }

    /// <summary>Whether the store answers later (<see cref="SimulatedLane"/>). Needs handlers, a mover and a disk.</summary>
    public bool IsSlow { get; init; }

    /// <summary>Whether what the pager is asked for is done by its mover, one after the other. Needs a mover.</summary>
    public bool HasMover { get; init; }

    /// <summary>Whether every step is a place where others can come first, and the parts of calls for several pages are.</summary>
    public bool IsFine { get; init; }

    /// <summary>Whether handlers are threads of their own. Where not, a thread that sleeps is a handler meanwhile: the same orders, with fewer threads to switch between.</summary>
    public bool HasHandlers { get; init; }
}
