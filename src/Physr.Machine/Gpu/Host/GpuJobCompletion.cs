// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>The end of a copy-engine job.</summary>
/// <param name="Id">What the poster called it.</param>
/// <param name="Status">How it ended: that of its first command that failed, or success.</param>
/// <param name="BusStatus">Behind a bus error: what the bus said.</param>
public readonly record struct GpuJobCompletion(ulong Id, GpuCompletionStatus Status, BusStatus BusStatus)
{
    /// <summary>Whether the bytes are where they belong.</summary>
    public bool IsSuccess => Status == GpuCompletionStatus.Success;
}
