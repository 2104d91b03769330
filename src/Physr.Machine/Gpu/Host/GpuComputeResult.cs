// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>The end of a compute job.</summary>
/// <param name="Id">What the poster called it.</param>
/// <param name="Status">How it ended.</param>
/// <param name="BusStatus">Behind a bus error: what the bus said.</param>
/// <param name="Result">The checksum, sum or old word.</param>
/// <param name="Address">The virtual address at which it failed.</param>
/// <param name="Done">Bytes, atomic steps or nodes that were done.</param>
public readonly record struct GpuComputeResult(ulong Id, GpuComputeStatus Status, BusStatus BusStatus, ulong Result, VirtualAddress Address, ulong Done)
{
    /// <summary>Whether all of it was done.</summary>
    public bool IsSuccess => Status == GpuComputeStatus.Success;
}
