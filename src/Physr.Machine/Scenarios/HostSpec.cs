// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>The host's CPU and memory.</summary>
/// <param name="CpuVendor">As <c>/proc/cpuinfo</c>'s <c>vendor_id</c>: <c>AuthenticAMD</c>, <c>GenuineIntel</c>.</param>
/// <param name="CpuFamily">As its <c>cpu family</c>.</param>
/// <param name="KernelRelease">Whose rules judge peer-to-peer, as <c>6.12</c>; null is the newest known.</param>
/// <param name="RamBytes">Size of RAM.</param>
/// <param name="DramBytesPerSecond">What all DRAM channels move together, reads and writes summed.</param>
/// <param name="DramLatencyNanoseconds">From the root complex to the first byte.</param>
public sealed record HostSpec(
    string CpuVendor,
    int CpuFamily,
    string? KernelRelease,
    ulong RamBytes,
    ulong DramBytesPerSecond,
    ulong DramLatencyNanoseconds)
{
    /// <summary>The IOMMU in front of the root complex; null is a host without one.</summary>
    public IommuSpec? Iommu { get; init; }
}
