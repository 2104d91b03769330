// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Spec;

/// <summary>The part of BAR 0 that is the compute engine's. Widths and rules are those of <see cref="GpuRegisters"/>.</summary>
public static class GpuComputeRegisters
{
    /// <summary>The first register.</summary>
    public const ulong First = 0x200;

    /// <summary>32 bits: <see cref="ControlEnable"/>. A change from 1 to 0 stops the engine and forgets its ring.</summary>
    public const ulong Control = 0x200;

    /// <summary>32 bits, read-only: <see cref="StatusReady"/>, <see cref="StatusFatal"/>, <see cref="StatusStalled"/>.</summary>
    public const ulong Status = 0x204;

    /// <summary>64 bits: where the command ring is, a multiple of 64; 64-byte entries.</summary>
    public const ulong CommandRing = 0x208;

    /// <summary>64 bits: where the completion ring is, a multiple of 64; 64-byte entries, one for each command.</summary>
    public const ulong CompletionRing = 0x210;

    /// <summary>32 bits: the logarithm of the entries of both rings, 0 to <see cref="GpuRegisters.MaxRingLog2"/>.</summary>
    public const ulong RingLog2 = 0x218;

    /// <summary>32 bits, write-only: how many commands were ever placed, modulo 2^32.</summary>
    public const ulong Doorbell = 0x220;

    /// <summary>32 bits, read-only: how many lanes there are.</summary>
    public const ulong Lanes = 0x224;

    /// <summary>64 bits, read-only: pieces of commands ever done. Where it stands still over a replay, the replay was in vain.</summary>
    public const ulong Progress = 0x228;

    /// <summary>The engine works.</summary>
    public const uint ControlEnable = 1;

    /// <summary>The engine takes commands.</summary>
    public const uint StatusReady = 1;

    /// <summary>A ring could not be read or written or was misused. Switching off and on helps.</summary>
    public const uint StatusFatal = 2;

    /// <summary>A command is under way and none of its lanes can go on without a replay or a cancel.</summary>
    public const uint StatusStalled = 4;

    /// <summary>Bytes of a command.</summary>
    public const int CommandSize = 64;

    /// <summary>Bytes of a completion.</summary>
    public const int CompletionSize = 64;

    /// <summary>The most lanes a GPU can have.</summary>
    public const int MaxLanes = 64;

    /// <summary>The most payload words of a list's node, so that a node is at most 4 KiB.</summary>
    public const int MaxPayloadWords = 510;

    /// <summary>The MSI-X vector of completions.</summary>
    public const int Vector = 1;
}
