// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>What a GPU may do to a page besides reading it.</summary>
[Flags]
public enum GpuPageFlags : byte
{
    /// <summary>Reading alone.</summary>
    None = 0,

    /// <summary>Writing.</summary>
    Writable = 1,

    /// <summary>Atomics, which need <see cref="Writable"/>: no one else has the page meanwhile.</summary>
    Atomic = 2,
}
