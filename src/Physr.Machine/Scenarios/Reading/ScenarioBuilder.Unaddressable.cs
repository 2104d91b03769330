// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Machine.Fabric;
using Physr.Machine.Unaddressable;

namespace Physr.Machine.Scenarios.Reading;

/// <content>Scenarios of <c>kind: unaddressable</c>: a GPU works on a process's memory.</content>
internal sealed partial class ScenarioBuilder
{
    private static readonly string[] UnaddressableScenarioKeys = ["name", "kind", "seed", "host", "fabric", "unaddressable", "routes", "faults"];
    private static readonly string[] UnaddressableKeys = ["gpu", "memory", "data", "nodes", "counters", "rounds"];
    private static readonly string[] SvmRouteKeys = ["name", "memory", "data", "policy", "granule", "hugePages", "numbering", "iommu", "hotplug"];
    private static readonly string[] HotplugKeys = ["at", "size"];

    private static readonly Dictionary<string, SvmPolicy> SvmPolicies = new(StringComparer.Ordinal)
    {
        ["migrate"] = SvmPolicy.Migrate,
        ["mapSystem"] = SvmPolicy.MapSystem,
    };

    private static readonly Dictionary<string, PrivateNumbering> Numberings = new(StringComparer.Ordinal)
    {
        ["offsetSpace"] = PrivateNumbering.OffsetSpace,
        ["physicalRange"] = PrivateNumbering.PhysicalRange,
    };

    // What routes have where they do not say otherwise.
    private FabricDraft? _processGpu;
    private ulong _processMemory;
    private ulong _processData;
    private int _processNodes;

    /// <summary>Reads a scenario in which a GPU works on a process's memory.</summary>
    private Scenario? BuildUnaddressable(SyntaxNode root)
    {
        MappingReader reader = new(root, "a scenario of kind unaddressable", UnaddressableScenarioKeys, _errors);
        string name = reader.Name("name") ?? "";
        ulong seed = reader.Number("seed", 0, ulong.MaxValue) ?? 1;
        HostSpec host = ReadHost(reader);
        ReadFabric(reader);
        CheckFabric();
        UnaddressableSpec? process = ReadUnaddressable(reader, host);
        ReadSvmRoutes(reader, host);
        ReadFaults(reader);
        return _errors.Count > 0 ? null : new(name, seed, host, [.. ParentsFirst()], [], [], [.. _routes.Select(static draft => draft.Spec)], _faults) { Unaddressable = process };
    }

    private UnaddressableSpec? ReadUnaddressable(MappingReader scenario, HostSpec host)
    {
        if (scenario.Value("unaddressable", required: true) is not { } node)
        {
            return null;
        }

        MappingReader process = new(node, "'unaddressable'", UnaddressableKeys, _errors);
        FabricDraft? gpu = ReadNodeOfKind(process.Text("gpu", required: true), process.At("gpu"), "gpu", FabricKind.Gpu);
        _processGpu = gpu;
        _processMemory = ReadSubsections(process, "memory", required: true) ?? 0;
        _processData = ReadSubsections(process, "data", required: true) ?? 0;
        _processNodes = (int)(process.Number("nodes", 0, Limits.MostListNodes) ?? Limits.DefaultListNodes);
        int counters = (int)(process.Number("counters", 0, Limits.MostCounters) ?? Limits.DefaultCounters);
        int rounds = (int)(process.Number("rounds", 0, Limits.MostRounds) ?? Limits.DefaultRounds);
        CheckSizes(process, host, _processMemory, _processData);
        return new() { Gpu = gpu?.Name ?? "", Nodes = _processNodes, Counters = counters, Rounds = rounds };
    }

    private ulong? ReadSubsections(MappingReader reader, string key, bool required = false)
    {
        ulong? bytes = reader.Size(key, Limits.Subsection, Limits.MostProcessData, required);
        if (bytes is { } size && size % Limits.Subsection != 0)
        {
            _errors.Add(reader.At(key), $"{Phrase.Quote(key)}: {SizeText.Format(size)} are not whole 2 MiB; {Phrase.NearestMultiples(size, Limits.Subsection)}");
        }

        return bytes;
    }

    /// <summary>Whether the GPU has the memory, the host the RAM, and the data room for the list.</summary>
    private void CheckSizes(MappingReader reader, HostSpec host, ulong memory, ulong data)
    {
        if (!reader.IsSound || memory == 0 || data == 0)
        {
            return;
        }

        if ((ulong)_processNodes > data / Limits.Granule)
        {
            string key = reader.Node["nodes"] is null ? "data" : "nodes";
            _errors.Add(reader.At(key), $"{Phrase.Quote(key)}: {_processNodes} nodes do not lie scattered over {SizeText.Format(data)}; one for each 4KiB, {data / Limits.Granule}, is the most");
        }

        // The GPU keeps its page tables in what is left: one for each 2 MiB of data, and few above.
        ulong tables = Limits.Subsection + Alignment.Up(data / Limits.Subsection * Limits.Granule, Limits.Subsection);
        if (_processGpu is { Spec.MemoryBytes: not 0 and var most } gpu && most < memory + tables)
        {
            _errors.Add(
                reader.At("memory"),
                $"'memory': {Phrase.Quote(gpu.Name)} has {SizeText.Format(most)}; beside {SizeText.Format(memory)} for pages it needs {SizeText.Format(tables)} for its page tables");
        }

        // In one run, and not in the first MiB, which is firmware's.
        RamLayout layout = new(host.RamBytes);
        ulong longest = Math.Max(layout.Low.Length - Limits.MiB, layout.High.Length);
        ulong needed = data + UnaddressableRun.RamBesideData + Limits.Subsection;
        if (_ram is not null && (longest < needed || host.RamBytes < needed + Limits.RamBesideStaging))
        {
            _errors.Add(
                reader.At("data"),
                $"'data': a process with {SizeText.Format(data)} needs {SizeText.Format(needed)} of RAM in one run, below 3GiB or above 4GiB, and the host another "
                    + $"{SizeText.Format(Limits.RamBesideStaging)}; it has {SizeText.Format(host.RamBytes)}");
        }
    }

    private void ReadSvmRoutes(MappingReader scenario, HostSpec host)
    {
        _routeNames = new(_errors, "routes");
        foreach (SyntaxNode item in scenario.Items("routes", Limits.Routes, required: true))
        {
            MappingReader route = new(item, "a route of a scenario of kind unaddressable", SvmRouteKeys, _errors);
            string? name = route.Name("name");
            _routeNames.TryAdd(name, "route", route.At("name"));
            ulong? memory = ReadSubsections(route, "memory");
            ulong? data = ReadSubsections(route, "data");
            ulong granule = route.Size("granule", Limits.Granule, Limits.Subsection) ?? Limits.Subsection;
            if (!BitOperations.IsPow2(granule))
            {
                _errors.Add(route.At("granule"), $"'granule': {SizeText.Format(granule)} is no power of two; write one from 4KiB to 2MiB");
            }

            SvmRouteSpec svm = new(
                memory ?? _processMemory,
                data ?? _processData,
                ReadWord(route, "policy", SvmPolicies, SvmPolicy.Migrate),
                granule,
                route.Flag("hugePages") ?? granule == Limits.Subsection,
                ReadWord(route, "numbering", Numberings, PrivateNumbering.OffsetSpace),
                ReadHotplug(route));
            if (memory is not null || data is not null)
            {
                CheckSizes(route, host, svm.MemoryBytes, svm.DataBytes);
            }

            _routes.Add(new(route, new() { Name = name ?? "", Iommu = ReadIommu(route), Svm = svm, FallBack = false }));
        }
    }

    private PhysicalRange? ReadHotplug(MappingReader route)
    {
        if (route.Value("hotplug") is not { } node)
        {
            return null;
        }

        MappingReader hotplug = new(node, "'hotplug'", HotplugKeys, _errors);
        ulong? at = hotplug.Number("at", 0, ulong.MaxValue, required: true);
        ulong? size = hotplug.Size("size", PageSize.Section, Limits.LargestMemory, required: true);
        foreach ((string key, ulong? value) in new[] { ("at", at), ("size", size) })
        {
            if (value is { } bytes && bytes % PageSize.Section != 0)
            {
                _errors.Add(hotplug.At(key), $"{Phrase.Quote(key)}: RAM is added by whole sections of 128MiB; {Phrase.NearestMultiples(bytes, PageSize.Section)}");
            }
        }

        if (at is { } start && size is { } length && !PhysicalRange.TryCreate(new(start), length, out _))
        {
            _errors.Add(hotplug.At("at"), $"'at': {SizeText.Format(length)} from 0x{start:x} on leave the address space");
            return null;
        }

        return at is null || size is null ? null : new PhysicalRange(new(at.Value), size.Value);
    }
}
