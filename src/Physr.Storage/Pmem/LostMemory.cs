// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Pmem;

/// <summary>A run of lost bytes that was found or injected.</summary>
/// <param name="Range">Its addresses: whole blocks of 512 bytes.</param>
/// <param name="Namespace">Whose it is; null in free space.</param>
/// <param name="Handled">What the memory-failure path answered: <see cref="Errno.None"/> where mappers were told or nobody has page descriptors there; <see cref="Errno.ENXIO"/> in descriptors
/// and head, where nothing can be recovered (row R89c).</param>
public sealed record LostMemory(PhysicalRange Range, PmemNamespace? Namespace, Errno Handled);
