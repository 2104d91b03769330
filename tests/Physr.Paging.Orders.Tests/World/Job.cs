// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Engine;

namespace Physr.Paging.Orders.Tests;

/// <summary>What the mover does for somebody who waits.</summary>
internal sealed class Job(Action<RegionEngine, FaultLane> work)
{
    public Action<RegionEngine, FaultLane> Work { get; } = work;

    public bool IsDone { get; set; }
}
