// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>The limits of a machine's physical address space, and the seams of its <see cref="MemoryMap"/>.</summary>
public sealed record MemoryMapOptions
{
    /// <summary>Width of a physical address and of device-private numbering (the kernel's <c>MAX_PHYSMEM_BITS</c>), 28 to 56; 46 on x86-64 with 4-level tables.</summary>
    public int PhysicalAddressBits { get; init; } = 46;

    /// <summary>One past the last byte the kernel's linear map can reach; null for all of the address space. Memory above it can only be private (row R17a).</summary>
    public PhysicalAddress? MappableEnd { get; init; }

    /// <summary>Asked before every allocation that may fail; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }

    /// <summary>Told of what the kernel would warn about: leftover altmap pages, hotplug against private memory.</summary>
    public Action<string>? Warn { get; init; }
}
