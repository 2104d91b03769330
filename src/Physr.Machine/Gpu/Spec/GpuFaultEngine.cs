// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>Which engine's access faulted.</summary>
public enum GpuFaultEngine : byte
{
    /// <summary>The compute engine; the only one with virtual addresses.</summary>
    Compute = 1,
}
