// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Host;

namespace Physr.Machine.Tests.Gpu;

/// <summary>Serves faults one by one, and keeps the batches.</summary>
internal sealed class FaultHandler(Func<GpuFault, GpuFaultResolution> serve) : IGpuFaultHandler
{
    public List<GpuFault[]> Batches { get; } = [];

    /// <summary>Maps each page where a function says.</summary>
    public static FaultHandler Mapping(Func<GpuFault, GpuPageTarget> target, GpuPageFlags flags = GpuPageFlags.Writable) => new(fault =>
    {
        Assert.Equal(Errno.None, fault.Context.TryMap(fault.Page, 4096, target(fault), flags));
        return GpuFaultResolution.Replay;
    });

    public void Service(ReadOnlySpan<GpuFault> faults, Span<GpuFaultResolution> resolutions)
    {
        Batches.Add(faults.ToArray());
        for (int i = 0; i < faults.Length; i++)
        {
            resolutions[i] = serve(faults[i]);
        }
    }
}
