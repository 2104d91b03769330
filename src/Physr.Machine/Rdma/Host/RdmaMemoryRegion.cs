// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Host;

/// <summary>A registered memory region, as its owner uses it and as the other end is told of it.</summary>
/// <param name="Key">The key, local and remote.</param>
/// <param name="FirstAddress">The address of byte 0 in the region's virtual space.</param>
/// <param name="Length">Bytes.</param>
/// <param name="BlockSize">Bytes of the blocks it is registered as (row R63a); 0 where the region is the other end's.</param>
public readonly record struct RdmaMemoryRegion(uint Key, ulong FirstAddress, ulong Length, ulong BlockSize = 0);
