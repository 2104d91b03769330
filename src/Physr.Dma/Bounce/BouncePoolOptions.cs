// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Bounce;

/// <summary>How large a bounce pool is, and where it lies.</summary>
public sealed record BouncePoolOptions
{
    /// <summary>Bytes of RAM to take, rounded up to 256 KiB; 64 MiB as the kernel's default.</summary>
    public ulong Length { get; init; } = 64UL << 20;

    /// <summary>The highest address of any of its bytes: 4 GiB less one, so that a device with a 32-bit mask reaches all of it.</summary>
    public PhysicalAddress Last { get; init; } = new(uint.MaxValue);

    /// <summary>Areas with a lock each, 1 or more. One keeps the choice of slots the same in every run of one thread; several let threads bounce side by side.</summary>
    public int Areas { get; init; } = 1;

    /// <summary>Asked before slots are taken; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }
}
