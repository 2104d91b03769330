// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;

namespace Physr.Machine.Scenarios.Reading;

/// <content>Scenarios of <c>kind: slices</c>: a device lends parts of its BARs.</content>
internal sealed partial class ScenarioBuilder
{
    private static readonly string[] SlicesScenarioKeys = ["name", "kind", "seed", "host", "fabric", "slices", "routes"];
    private static readonly string[] SlicesKeys = ["exporter", "importers", "buffers", "inFlight"];
    private static readonly string[] SliceBufferKeys = ["name", "bar", "ranges"];
    private static readonly string[] SliceRangeKeys = ["offset", "length"];
    private static readonly string[] SliceRouteKeys = ["name", "cpu", "iommu", "acs", "dmaMask"];

    private readonly List<(int Bar, BarSlice Slice, SourcePosition At)> _lent = [];

    /// <summary>Reads a scenario that lends slices instead of moving namespaces.</summary>
    private Scenario? BuildSlices(SyntaxNode root)
    {
        MappingReader reader = new(root, "a scenario of kind slices", SlicesScenarioKeys, _errors);
        string name = reader.Name("name") ?? "";
        ulong seed = reader.Number("seed", 0, ulong.MaxValue) ?? 1;
        HostSpec host = ReadHost(reader);
        ReadFabric(reader);
        CheckFabric();
        SlicesSpec? slices = ReadSlices(reader);
        List<RouteSpec> routes = ReadSliceRoutes(reader);
        return _errors.Count > 0 ? null : new(name, seed, host, [.. ParentsFirst()], [], [], routes, []) { Slices = slices };
    }

    private SlicesSpec? ReadSlices(MappingReader scenario)
    {
        if (scenario.Value("slices", required: true) is not { } node)
        {
            return null;
        }

        MappingReader slices = new(node, "'slices'", SlicesKeys, _errors);
        FabricDraft? exporter = ReadNodeOfKind(slices.Text("exporter", required: true), slices.At("exporter"), "exporter", FabricKind.Endpoint);
        List<string> importers = ReadImporters(slices);
        List<SliceBufferSpec> buffers = [];
        NameTable names = new(_errors, "buffers");
        foreach (SyntaxNode item in slices.Items("buffers", Limits.SliceBuffers, required: true))
        {
            MappingReader buffer = new(item, "a buffer", SliceBufferKeys, _errors);
            string? name = buffer.Name("name");
            names.TryAdd(name, "buffer", buffer.At("name"));
            int bar = (int)(buffer.Number("bar", 0, 5, required: true) ?? 0);
            ulong size = exporter is null ? 0 : BarSizeOf(exporter, bar);
            if (buffer.IsSound && exporter is { Spec.BarBytes.Count: > 0 } && !HasBar(exporter, bar))
            {
                IEnumerable<string> bars = exporter.Spec.BarBytes.Select(static (_, i) => $"{2 * i}");
                _errors.Add(buffer.At("bar"), $"'bar': {Phrase.Quote(exporter.Name)} has no BAR {bar} (there is: {Phrase.List(bars)}); each is 64 bits wide and takes two");
            }

            buffers.Add(new(name ?? "", bar, ReadRanges(buffer, bar, size)));
        }

        CheckLent(slices, importers, buffers);

        int inFlight = (int)(slices.Number("inFlight", 1, Limits.MostInFlight) ?? Limits.DefaultInFlight);
        return new(exporter?.Name ?? "", importers, buffers, inFlight);
    }

    private List<string> ReadImporters(MappingReader slices)
    {
        List<string> importers = [];
        foreach (SyntaxNode item in slices.Items("importers", Limits.SliceImporters, required: true))
        {
            if (item is not ScalarNode { IsNothing: false } scalar)
            {
                _errors.Add(item.Position, $"an importer is the name of a gpu, not {item.Kind}");
            }
            else if (importers.Contains(scalar.Text, StringComparer.Ordinal))
            {
                _errors.Add(item.Position, $"{Phrase.Quote(scalar.Text)} is an importer already");
            }
            else if (ReadNodeOfKind(scalar.Text, item.Position, "importers", FabricKind.Gpu) is not null)
            {
                importers.Add(scalar.Text);
            }
        }

        return importers;
    }

    private FabricDraft? ReadNodeOfKind(string? name, SourcePosition at, string key, FabricKind kind)
    {
        if (name is null)
        {
            return null;
        }

        if (!_fabric.TryGetValue(name, out FabricDraft? node))
        {
            _things.NoteMissing(name, at, $"{Word(kind)} of the fabric", [.. _fabric.Values.Where(each => each.Kind == kind).Select(static each => each.Name)]);
            return null;
        }

        if (node.Kind is { } found && found != kind)
        {
            _errors.Add(at, $"{Phrase.Quote(key)}: {Phrase.Quote(name)} is {OneOf(found)}; name {OneOf(kind)}");
        }

        return node.Kind == kind ? node : null;
    }

    private static bool HasBar(FabricDraft exporter, int bar) => (bar & 1) == 0 && bar / 2 < exporter.Spec.BarBytes.Count;

    /// <summary>0 where it could not be read.</summary>
    private static ulong BarSizeOf(FabricDraft exporter, int bar) => HasBar(exporter, bar) ? exporter.Spec.BarBytes[bar / 2] : 0;

    /// <summary>An importer keeps, for each buffer, what it writes there and what it read from there.</summary>
    private void CheckLent(MappingReader slices, List<string> importers, List<SliceBufferSpec> buffers)
    {
        if (!slices.IsSound)
        {
            return;
        }

        ulong lent = buffers.Aggregate(0UL, static (sum, buffer) => sum + buffer.Length);
        if (lent > Limits.MostLent)
        {
            _errors.Add(slices.At("buffers"), $"'buffers' lend {SizeText.Format(lent)}; {SizeText.Format(Limits.MostLent)} together are the most");
            return;
        }

        foreach (FabricDraft importer in importers.Select(name => _fabric[name]).Where(each => each.Spec.MemoryBytes != 0 && each.Spec.MemoryBytes < 2 * lent))
        {
            _errors.Add(
                importer.Reader.At("memory"),
                $"'memory': {Phrase.Quote(importer.Name)} imports {SizeText.Format(lent)} and keeps what it writes and what it reads: it needs at least {SizeText.Format(2 * lent)}");
        }
    }

    /// <summary>Each byte is lent once: who wrote it could not be told otherwise.</summary>
    private void CheckApart(int bar, BarSlice slice, SourcePosition at)
    {
        foreach ((int otherBar, BarSlice other, SourcePosition otherAt) in _lent)
        {
            if (otherBar == bar && slice.Offset < other.Offset + other.Length && other.Offset < slice.Offset + slice.Length)
            {
                _errors.Add(at, $"{SizeText.Format(slice.Offset)}+{SizeText.Format(slice.Length)} of BAR {bar} overlaps what is lent at {otherAt}; each byte is lent once");
                return;
            }
        }

        _lent.Add((bar, slice, at));
    }

    private List<BarSlice> ReadRanges(MappingReader buffer, int bar, ulong barSize)
    {
        if (buffer.Node["ranges"] is null)
        {
            if (buffer.IsSound && barSize != 0)
            {
                CheckApart(bar, new(0, barSize), buffer.Node.Position);
            }

            return [new(0, barSize)];
        }

        List<BarSlice> ranges = [];
        foreach (SyntaxNode item in buffer.Items("ranges", Limits.SliceRanges, required: true))
        {
            MappingReader range = new(item, "a range", SliceRangeKeys, _errors);
            ulong offset = range.Size("offset") ?? 0;
            ulong length = range.Size("length", Limits.Granule, Limits.LargestMemory, required: true) ?? 0;
            CheckGranules(range, "offset", offset);
            CheckGranules(range, "length", length);
            if (range.IsSound && barSize != 0 && (offset > barSize || length > barSize - offset))
            {
                _errors.Add(range.Node.Position, $"the range {SizeText.Format(offset)}+{SizeText.Format(length)} leaves its BAR of {SizeText.Format(barSize)}");
            }
            else if (range.IsSound && barSize != 0)
            {
                CheckApart(bar, new(offset, length), range.Node.Position);
            }

            ranges.Add(new(offset, length));
        }

        return ranges;
    }

    private List<RouteSpec> ReadSliceRoutes(MappingReader scenario)
    {
        List<RouteSpec> routes = [];
        NameTable names = new(_errors, "routes");
        foreach (SyntaxNode item in scenario.Items("routes", Limits.Routes, required: true))
        {
            MappingReader route = new(item, "a route of a scenario of kind slices", SliceRouteKeys, _errors);
            string? name = route.Name("name");
            names.TryAdd(name, "route", route.At("name"));
            (string Vendor, int Family)? cpu = ReadCpu(route, required: false);
            routes.Add(new()
            {
                Name = name ?? "",
                CpuVendor = cpu?.Vendor,
                CpuFamily = cpu?.Family ?? 0,
                Iommu = ReadIommu(route),
                AcsControl = ReadRouteAcs(route),
                DmaMaskBits = ReadRouteMasks(route),
                FallBack = false,
            });
        }

        return routes;
    }
}
