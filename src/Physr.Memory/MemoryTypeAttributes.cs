// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>What a <see cref="MemoryType"/> promises (rows R1c, R10).</summary>
/// <param name="IsCpuAddressable">The CPU can load and store it through an ordinary mapping.</param>
/// <param name="IsCoherent">Device and CPU caches agree without flushing.</param>
/// <param name="AllowsLongTermPin">A pin of unlimited length (RDMA, VFIO) may be taken where the page lies.</param>
/// <param name="HasLinearMap">The kernel maps it linearly, so that a frame has a usable CPU pointer (row R10a).</param>
/// <param name="Caching">How the CPU maps it (row R10b).</param>
/// <param name="CountsReferencesPerAllocation">Page references come and go with each allocation; otherwise each page holds one from registration on.</param>
public readonly record struct MemoryTypeAttributes(
    bool IsCpuAddressable, bool IsCoherent, bool AllowsLongTermPin, bool HasLinearMap, PageProtection Caching, bool CountsReferencesPerAllocation);
