// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>What a copy-engine command asks for. Memory offsets are the GPU's own, whatever the window shows.</summary>
public enum GpuOpcode : byte
{
    /// <summary>Not a command.</summary>
    Invalid = 0,

    /// <summary>Copies memory at offset Source to bus address Destination.</summary>
    CopyToBus = 1,

    /// <summary>Copies from bus address Source to memory at offset Destination.</summary>
    CopyFromBus = 2,

    /// <summary>Copies memory at offset Source to offset Destination; the two may not overlap.</summary>
    CopyWithin = 3,

    /// <summary>Fills memory at offset Destination with the 8 bytes of Value, over and over; a last partial one is cut.</summary>
    Fill = 4,

    /// <summary>Writes the 8 bytes of Value to bus address Destination, a multiple of 8, after all earlier commands; Length is ignored.</summary>
    ReleaseSemaphore = 5,
}
