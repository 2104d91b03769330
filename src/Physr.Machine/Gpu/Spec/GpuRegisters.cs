// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>BAR 0 of the GPU: byte offsets and bits, little-endian. The interface is Physr's own. An aligned 64-bit write is two 32-bit writes, the lower one
/// first; other widths are ignored.</summary>
public static class GpuRegisters
{
    /// <summary>The registers' BAR.</summary>
    public const int RegisterBar = 0;

    /// <summary>Bytes of the registers' BAR.</summary>
    public const ulong RegisterBarSize = 64 << 10;

    /// <summary>The aperture's BAR; 64 bits, prefetchable.</summary>
    public const int ApertureBar = 2;

    /// <summary>32 bits, read-only: major version in the upper half, minor in the lower.</summary>
    public const ulong Version = 0x00;

    /// <summary>32 bits: <see cref="ControlEnable"/>. A change from 1 to 0 stops the copy engine and forgets its ring; memory and window stay.</summary>
    public const ulong Control = 0x08;

    /// <summary>32 bits, read-only: <see cref="StatusReady"/>, <see cref="StatusHalted"/>, <see cref="StatusFatal"/>, <see cref="StatusWindowError"/>.</summary>
    public const ulong Status = 0x0C;

    /// <summary>64 bits, read-only: bytes of memory.</summary>
    public const ulong MemorySize = 0x10;

    /// <summary>64 bits, read-only: bytes of the aperture.</summary>
    public const ulong ApertureSize = 0x18;

    /// <summary>64 bits: the memory offset that the aperture's first byte shows, a multiple of <see cref="WindowAlignment"/>. The lower half is latched; writing
    /// the upper half moves the window, at once. A window that would leave memory is refused: the old one stays and <see cref="StatusWindowError"/> is set until
    /// the next good one.</summary>
    public const ulong WindowBase = 0x20;

    /// <summary>64 bits: where the command ring is, a multiple of 64; 64-byte entries.</summary>
    public const ulong CommandRing = 0x30;

    /// <summary>64 bits: where the completion ring is, a multiple of 64; 16-byte entries, one for each command.</summary>
    public const ulong CompletionRing = 0x38;

    /// <summary>32 bits: the logarithm of the entries of both rings, 0 to <see cref="MaxRingLog2"/>.</summary>
    public const ulong RingLog2 = 0x40;

    /// <summary>32 bits, write-only: how many commands were ever placed, modulo 2^32.</summary>
    public const ulong Doorbell = 0x48;

    /// <summary>32 bits, write-only: any value makes a halted copy engine go on with what is posted from then on.</summary>
    public const ulong Resume = 0x4C;

    /// <summary>Version 1.0.</summary>
    public const uint Version10 = 0x0001_0000;

    /// <summary>Version 1.1: page tables, faults and the compute engine as well (<see cref="GpuMmuRegisters"/>, <see cref="GpuComputeRegisters"/>).</summary>
    public const uint Version11 = 0x0001_0001;

    /// <summary>The copy engine works.</summary>
    public const uint ControlEnable = 1;

    /// <summary>The copy engine takes commands.</summary>
    public const uint StatusReady = 1;

    /// <summary>A command failed: what follows completes as aborted until <see cref="Resume"/>.</summary>
    public const uint StatusHalted = 2;

    /// <summary>A ring could not be written or was misused. Only a reset helps.</summary>
    public const uint StatusFatal = 4;

    /// <summary>The last window asked for was refused.</summary>
    public const uint StatusWindowError = 8;

    /// <summary>Where windows may start, in bytes.</summary>
    public const ulong WindowAlignment = 1 << 20;

    /// <summary>The largest ring, as a logarithm.</summary>
    public const int MaxRingLog2 = 12;

    /// <summary>Bytes of a command.</summary>
    public const int CommandSize = 64;

    /// <summary>Bytes of a completion.</summary>
    public const int CompletionSize = 16;
}
