// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private static readonly string[] HostKeys = ["cpu", "ram", "kernel", "iommu"];
    private static readonly string[] CpuKeys = ["vendor", "family"];
    private static readonly string[] RamKeys = ["size", "rate", "latency"];

    // As /proc/cpuinfo writes them; a misspelt one would silently be no Zen and change verdicts.
    private static readonly string[] CpuVendors = ["AuthenticAMD", "GenuineIntel", "HygonGenuine", "CentaurHauls", "Shanghai"];

    private MappingReader? _ram;

    private HostSpec ReadHost(MappingReader scenario)
    {
        if (scenario.Value("host", required: true) is not { } node)
        {
            return new("", 0, null, 0, 0, 0);
        }

        MappingReader host = new(node, "'host'", HostKeys, _errors);
        (string vendor, int family) = ReadCpu(host, required: true) ?? ("", 0);
        string? kernel = ReadKernel(host);
        IommuSpec? iommu = ReadHostIommu(host, vendor);
        if (host.Value("ram", required: true) is not { } ramNode)
        {
            return new(vendor, family, kernel, 0, 0, 0);
        }

        MappingReader ram = new(ramNode, "'ram'", RamKeys, _errors);
        ulong? size = ram.Size("size", Limits.RamBesideStaging, Limits.LargestMemory, required: true);
        CheckGranules(ram, "size", size);
        _ram = size is null ? null : ram;
        return new(
            vendor,
            family,
            kernel,
            size ?? 0,
            ram.Rate("rate") ?? Limits.DefaultDramRate,
            ram.Time("latency") ?? Limits.DefaultDramLatency) { Iommu = iommu };
    }

    private (string Vendor, int Family)? ReadCpu(MappingReader owner, bool required)
    {
        if (owner.Value("cpu", required) is not { } node)
        {
            return null;
        }

        MappingReader cpu = new(node, "'cpu'", CpuKeys, _errors);
        string? vendor = cpu.Text("vendor", required: true);
        if (vendor is not null && !CpuVendors.Contains(vendor, StringComparer.Ordinal))
        {
            _errors.Add(cpu.At("vendor"), $"'vendor': {Phrase.Quote(vendor)} is no vendor_id of /proc/cpuinfo{Phrase.DidYouMean(vendor, CpuVendors)} (known: {Phrase.List(CpuVendors)})");
        }

        // Base family 15 plus an extended family of 255 at most (CPUID leaf 1).
        int family = (int)(cpu.Number("family", 0, 15 + 255, required: true) ?? 0);
        return (vendor ?? "", family);
    }

    private string? ReadKernel(MappingReader host)
    {
        if (host.Text("kernel") is not { } text)
        {
            return null;
        }

        string[] parts = text.Split('.');
        bool read = parts.Length is 2 or 3;
        int major = 0;
        int minor = 0;
        read = read && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out major);
        read = read && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out minor);
        read = read && (parts.Length == 2 || int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out _));
        if (!read)
        {
            _errors.Add(host.At("kernel"), $"'kernel': {Phrase.Quote(text)} is no release; write it like 6.12 or 6.12.3");
        }
        else if ((major, minor).CompareTo((4, 20)) < 0)
        {
            _errors.Add(host.At("kernel"), $"'kernel': {Phrase.Quote(text)} knew no peer-to-peer DMA; the first was 4.20");
        }

        return text;
    }

    private void CheckGranules(MappingReader reader, string key, ulong? bytes)
    {
        if (bytes is { } size && size % Limits.Granule != 0)
        {
            _errors.Add(reader.At(key), $"{Phrase.Quote(key)}: {size} bytes are no whole 4 KiB granules; {Phrase.NearestMultiples(size, Limits.Granule)}");
        }
    }
}
