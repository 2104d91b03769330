// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>Which memory a page of a GPU's address space lies in.</summary>
public enum GpuAperture : byte
{
    /// <summary>The GPU's own: addresses are offsets in it.</summary>
    Local = 0,

    /// <summary>The system's, coherent: addresses are the GPU's on its bus.</summary>
    System = 1,
}
