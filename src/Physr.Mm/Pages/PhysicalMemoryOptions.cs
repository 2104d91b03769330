// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <summary>How the memory of a host behaves where the kernel leaves a choice.</summary>
public sealed record PhysicalMemoryOptions
{
    /// <summary>When anonymous memory is backed by 2 MiB pages (<c>transparent_hugepage/enabled</c>).</summary>
    public HugePagePolicy HugePages { get; init; } = HugePagePolicy.Madvise;

    /// <summary>Whether a read of untouched anonymous memory maps the page of zeros that all share; else it gets a page of its own, as where a hypervisor asks for that.</summary>
    public bool UsesZeroPage { get; init; } = true;

    /// <summary>Whether a read of untouched memory that could be huge maps a huge page of zeros (<c>use_zero_page</c>).</summary>
    public bool UsesHugeZeroPage { get; init; } = true;

    /// <summary>How many pages of a file a read fault maps at most around it, where they are in the page cache: a power of two; 1 turns it off
    /// (<c>fault_around_bytes</c>, 64 KiB by default).</summary>
    public int FaultAroundPages { get; init; } = 16;

    /// <summary>Whether soft-dirty bits are kept (<c>CONFIG_MEM_SOFT_DIRTY</c>).</summary>
    public bool TracksSoftDirty { get; init; }

    /// <summary>The most areas one process may have (<c>vm.max_map_count</c>).</summary>
    public int MaxAreas { get; init; } = 65530;

    /// <summary>Asked before every allocation that may fail; null lets all pass (row R91).</summary>
    public IAllocationGate? AllocationGate { get; init; }

    /// <summary>Told of what the kernel would warn about: drivers whose callbacks misbehave, above all.</summary>
    public Action<string>? Warn { get; init; }
}
