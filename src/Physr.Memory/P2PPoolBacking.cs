// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>What stands behind the memory of a <see cref="P2PPool"/>.</summary>
public enum P2PPoolBacking
{
    /// <summary>The provider alone: range lists only, no page descriptors, 4 KiB granules (mission text 001).</summary>
    ProviderOnly = 0,

    /// <summary>A <see cref="MemoryType.PciP2P"/> pagemap over each resource: page descriptors, 2 MiB granules (mission text 003; the kernel's way).</summary>
    PageDescriptors = 1,
}
