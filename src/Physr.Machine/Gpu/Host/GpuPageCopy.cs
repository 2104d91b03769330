// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>A 4 KiB page to be copied.</summary>
/// <param name="Source">From where.</param>
/// <param name="Destination">To where; one of the two at least is in the GPU's memory.</param>
public readonly record struct GpuPageCopy(GpuPageTarget Source, GpuPageTarget Destination);
