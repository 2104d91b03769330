// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Machine.Bus;

/// <summary>The end of a bus transaction. The bytes have moved when it is returned; the device acts on them no earlier than <paramref name="FinishedAt"/>.</summary>
/// <param name="Status">How it ended; where it is not <see cref="BusStatus.Success"/>, no byte of the destination may be used.</param>
/// <param name="FinishedAt">When, by the rates and the load of the links and of DRAM.</param>
public readonly record struct BusCompletion(BusStatus Status, SimTime FinishedAt)
{
    /// <summary>Whether the bytes moved.</summary>
    public bool IsSuccess => Status == BusStatus.Success;
}
