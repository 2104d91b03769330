// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>The part of BAR 0 that is the memory management unit's: contexts, invalidation, faults, and a window for page tables. Widths and rules are those of
/// <see cref="GpuRegisters"/>; of a 64-bit register that acts, the upper half does.</summary>
public static class GpuMmuRegisters
{
    /// <summary>The first register.</summary>
    public const ulong First = 0x100;

    /// <summary>64 bits, read-only: accesses whose translation was cached.</summary>
    public const ulong TlbHits = 0x100;

    /// <summary>64 bits, read-only: accesses for which the tables were walked.</summary>
    public const ulong TlbMisses = 0x108;

    /// <summary>64 bits: the first virtual address to invalidate.</summary>
    public const ulong InvalidateStart = 0x110;

    /// <summary>64 bits: how many bytes.</summary>
    public const ulong InvalidateLength = 0x118;

    /// <summary>32 bits, write-only: the context whose translations of the range are dropped, with <see cref="InvalidateWhole"/> all of it. New accesses walk the tables
    /// from then on; <see cref="InvalidateDone"/> counts once no access that began with an old translation is under way.</summary>
    public const ulong Invalidate = 0x120;

    /// <summary>32 bits, read-only: how many invalidations are through, modulo 2^32. They end in their order; one that waits for an access holds up those after it.</summary>
    public const ulong InvalidateDone = 0x128;

    /// <summary>64 bits: where the fault ring is, a multiple of 64; 32-byte entries.</summary>
    public const ulong FaultRing = 0x130;

    /// <summary>32 bits: the logarithm of the fault ring's entries, 0 to <see cref="GpuRegisters.MaxRingLog2"/>.</summary>
    public const ulong FaultRingLog2 = 0x138;

    /// <summary>32 bits: <see cref="FaultEnable"/>. A write forgets the records that wait; accesses that stand still try again.</summary>
    public const ulong FaultControl = 0x13C;

    /// <summary>32 bits, read-only: how many records were ever written, modulo 2^32.</summary>
    public const ulong FaultPut = 0x140;

    /// <summary>32 bits: how many records the host has taken. Where more wait after a write, the interrupt comes again.</summary>
    public const ulong FaultGet = 0x144;

    /// <summary>32 bits, read-only: <see cref="FaultReady"/>, <see cref="FaultOverflow"/>, <see cref="FaultFatal"/>.</summary>
    public const ulong FaultStatus = 0x148;

    /// <summary>32 bits, write-only: any value makes every access that stands still try again, reported or not, and clears <see cref="FaultOverflow"/>.</summary>
    public const ulong Replay = 0x14C;

    /// <summary>64 bits: a virtual address in the page to cancel.</summary>
    public const ulong CancelAddress = 0x150;

    /// <summary>32 bits, write-only: the context in which accesses that stand still at the page of <see cref="CancelAddress"/> are given up; their command ends.</summary>
    public const ulong Cancel = 0x158;

    /// <summary>64 bits: the memory offset of the table that the table window shows, a multiple of 4 KiB; others are refused and the old one stays.</summary>
    public const ulong TableWindowBase = 0x160;

    /// <summary>64 bits for each context: <see cref="RootValid"/> and the memory offset of the root table. Cached translations stay until they are invalidated.</summary>
    public const ulong ContextRoots = 0x400;

    /// <summary>Address spaces.</summary>
    public const int Contexts = 64;

    /// <summary>Where the window of one table is: memory, written in any width, so that a CPU may combine writes.</summary>
    public const ulong TableWindow = 0x8000;

    /// <summary>The context has a root.</summary>
    public const ulong RootValid = 1;

    /// <summary>With <see cref="Invalidate"/>: the whole context.</summary>
    public const uint InvalidateWhole = 1U << 31;

    /// <summary>Faults are recorded.</summary>
    public const uint FaultEnable = 1;

    /// <summary>Faults can be recorded.</summary>
    public const uint FaultReady = 1;

    /// <summary>A record was lost for want of room; the access comes again with the next replay.</summary>
    public const uint FaultOverflow = 2;

    /// <summary>The ring cannot be written or was misused: faults end their command. Switching off and on helps.</summary>
    public const uint FaultFatal = 4;

    /// <summary>The MSI-X vector of faults.</summary>
    public const int Vector = 2;
}
