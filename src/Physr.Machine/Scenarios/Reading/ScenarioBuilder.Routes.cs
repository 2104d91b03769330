// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private static readonly string[] RouteKeys = ["name", "memory", "pages", "cpu", "iommu", "acs", "dmaMask", "fallback"];

    private readonly List<RouteDraft> _routes = [];
    private NameTable? _routeNames;

    private IReadOnlyCollection<string> Providers => [.. _fabric.Values.Where(static node => node.IsProvider).Select(static node => node.Name)];

    private void ReadRoutes(MappingReader scenario)
    {
        _routeNames = new(_errors, "routes");
        foreach (SyntaxNode item in scenario.Items("routes", Limits.Routes, required: true))
        {
            MappingReader route = new(item, "a route", RouteKeys, _errors);
            string? name = route.Name("name");
            string memory = route.Text("memory", required: true) ?? "";
            bool pages = route.Flag("pages") ?? false;
            (string Vendor, int Family)? cpu = ReadCpu(route, required: false);
            RouteSpec spec = new()
            {
                Name = name ?? "",
                Provider = memory is "ram" or "auto" or "" ? null : memory,
                Automatic = memory == "auto",
                Pages = pages,
                CpuVendor = cpu?.Vendor,
                CpuFamily = cpu?.Family ?? 0,
                Iommu = ReadIommu(route),
                AcsControl = ReadRouteAcs(route),
                DmaMaskBits = ReadRouteMasks(route),
                FallBack = route.Flag("fallback") ?? true,
            };
            _routeNames.TryAdd(name, "route", route.At("name"));
            _routes.Add(new(route, spec));
        }
    }

    private Dictionary<string, ushort> ReadRouteAcs(MappingReader route)
    {
        Dictionary<string, ushort> control = new(StringComparer.Ordinal);
        if (route.Value("acs") is not { } node)
        {
            return control;
        }

        if (node is not MappingNode)
        {
            _errors.Add(node.Position, $"'acs' of a route maps nodes to control bits, like {{ sw0p0: [RR, CR] }}, not {node.Kind}");
            return control;
        }

        // Any key may be right here; duplicates are still wrong.
        MappingNode mapping = (MappingNode)node;
        _ = new MappingReader(node, "'acs'", [.. mapping.Entries.Select(static entry => entry.Key.Text)], _errors);
        foreach ((ScalarNode key, SyntaxNode value) in mapping.Entries)
        {
            if (!_fabric.TryGetValue(key.Text, out FabricDraft? target))
            {
                _things.NoteMissing(key.Text, key.Position, "node of the fabric", _fabric.Keys);
            }
            else if (target.Kind == FabricKind.HostBridge)
            {
                _errors.Add(key.Position, $"{Phrase.Quote(key.Text)} is a hostBridge, which has no ACS capability; ports, switches and devices may have one");
            }
            else
            {
                control.TryAdd(key.Text, ReadAcs(value));
            }
        }

        return control;
    }

    private void CheckRoutes()
    {
        foreach (RouteDraft draft in _routes)
        {
            bool isRam = draft.Spec is { Provider: null, Automatic: false };
            if (isRam && draft.Reader.Node["memory"] is not null && draft.Reader.Node["pages"] is not null)
            {
                _errors.Add(draft.Reader.At("pages"), "'pages': RAM has page descriptors in any case; leave 'pages' out, or stage in a device's memory");
            }

            if (draft.Spec.Provider is { } provider)
            {
                CheckProvider(draft, provider);
            }
            else if (draft.Spec.Automatic && Providers.Count == 0 && !_things.IsIncomplete)
            {
                _errors.Add(draft.Reader.At("memory"), "'memory': auto finds no device with memory for peers; give an nvme a 'cmb' or add a gpu");
            }
        }
    }

    private void CheckProvider(RouteDraft draft, string provider)
    {
        SourcePosition at = draft.Reader.At("memory");
        if (!_fabric.TryGetValue(provider, out FabricDraft? node))
        {
            _things.NoteMissing(provider, at, "staging memory", ["ram", "auto", .. Providers]);
        }
        else if (node.Kind is not null && !node.IsProvider)
        {
            string remedy = node.Kind == FabricKind.Nvme ? "; give it a 'cmb', or" : "; write";
            _errors.Add(at, $"'memory': {Phrase.Quote(provider)} has no memory that peers can reach{remedy} ram, auto or one of: {Phrase.List(Providers)}");
        }
        else if (draft.Spec.Pages && node.ProviderBytes is > 0 and < Limits.Subsection)
        {
            _errors.Add(
                draft.Reader.At("pages"),
                $"'pages': the {SizeText.Format(node.ProviderBytes)} of {Phrase.Quote(provider)} are less than a pagemap's sub-section of 2MiB; enlarge its BAR or go without pages");
        }
    }

    // Every chunk in flight lies in staging memory at once; transfers come one after the other.
    private void CheckStaging(HostSpec host)
    {
        TransferDraft? largest = _transfers.Where(static draft => draft.IsSound).MaxBy(static draft => draft.StagingBytes);
        if (largest is null)
        {
            return;
        }

        ulong need = largest.StagingBytes;
        string who = $"{Phrase.Quote(largest.Spec.Name)} keeps {SizeText.Format(need)} in flight (chunk times queueDepth)";
        if (_ram is not null && host.RamBytes < need + Limits.RamBesideStaging)
        {
            _errors.Add(
                _ram.At("size"),
                $"'size': {SizeText.Format(host.RamBytes)} of RAM are too little: {who}, and queues take {SizeText.Format(Limits.RamBesideStaging)}; at least {SizeText.Format(need + Limits.RamBesideStaging)} would do");
        }

        HashSet<string> told = new(StringComparer.Ordinal);
        foreach (RouteDraft route in _routes)
        {
            FabricDraft? node = route.Spec.Provider is { } provider ? _fabric.GetValueOrDefault(provider) : null;
            if (node is { ProviderBytes: > 0 } && node.ProviderBytes < need && told.Add(node.Name))
            {
                _errors.Add(
                    route.Reader.At("memory"),
                    $"'memory': {SizeText.Format(node.ProviderBytes)} of {Phrase.Quote(node.Name)} are too little: {who}; enlarge the BAR or move less at once");
            }
        }
    }
}
