// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Devices;

/// <summary>One base address register of a device.</summary>
/// <param name="Index">0 to 5; a 64-bit BAR also takes the next index.</param>
/// <param name="Size">Bytes, a power of two, at least 16 (memory) or 4 (I/O).</param>
/// <param name="Is64Bit">Whether the register is 64 bits wide (PCIe Base Specification, section 7.5.1.2.1).</param>
/// <param name="IsPrefetchable">Whether reads have no side effects.</param>
/// <param name="IsIo">Whether the BAR is in I/O space.</param>
public sealed record BarProfile(int Index, ulong Size, bool Is64Bit = true, bool IsPrefetchable = false, bool IsIo = false);
