// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>What a handler says of a fault.</summary>
public enum GpuFaultResolution
{
    /// <summary>Try again: the page is mapped, or may be next time.</summary>
    Replay = 0,

    /// <summary>There is nothing to be had at this address: the command ends.</summary>
    Cancel = 1,
}
