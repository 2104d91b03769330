// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>An allocation of GPU memory.</summary>
/// <param name="Offset">Where it is.</param>
/// <param name="Order">0 for 4 KiB, 9 for 2 MiB.</param>
/// <param name="Purpose">What for.</param>
public readonly record struct GpuMemoryPage(ulong Offset, int Order, string Purpose);
