// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Host;

/// <summary>Mends faults: maps pages, after it brought them where they should be.</summary>
public interface IGpuFaultHandler
{
    /// <summary>Serves a batch, sorted by context and page, each page once. It may map, unmap, invalidate, copy pages and step the machine, but not serve
    /// faults or wait for compute jobs itself. A fault may be stale: mended
    /// since it was recorded, which is no error.</summary>
    /// <param name="faults">The faults.</param>
    /// <param name="resolutions">One for each; <see cref="GpuFaultResolution.Replay"/> before the call.</param>
    void Service(ReadOnlySpan<GpuFault> faults, Span<GpuFaultResolution> resolutions);
}
