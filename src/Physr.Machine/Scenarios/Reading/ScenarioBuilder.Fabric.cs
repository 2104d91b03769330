// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using System.Numerics;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private static readonly Dictionary<string, FabricKind> Kinds = new(StringComparer.Ordinal)
    {
        ["hostBridge"] = FabricKind.HostBridge,
        ["rootPort"] = FabricKind.RootPort,
        ["switch"] = FabricKind.Switch,
        ["downstreamPort"] = FabricKind.DownstreamPort,
        ["nvme"] = FabricKind.Nvme,
        ["rdmaNic"] = FabricKind.RdmaNic,
        ["gpu"] = FabricKind.Gpu,
        ["endpoint"] = FabricKind.Endpoint,
        ["pmem"] = FabricKind.Pmem,
    };

    private static readonly Dictionary<FabricKind, string[]> KindKeys = new()
    {
        [FabricKind.HostBridge] = ["name", "type", "under", "id", "busOffset"],
        [FabricKind.RootPort] = ["name", "type", "under", "id", "acs", "link"],
        [FabricKind.Switch] = ["name", "type", "under", "id", "acs"],
        [FabricKind.DownstreamPort] = ["name", "type", "under", "id", "acs", "link"],
        [FabricKind.Nvme] = ["name", "type", "under", "id", "acs", "dmaMask", "media", "cmb", "namespaces"],
        [FabricKind.RdmaNic] = ["name", "type", "under", "id", "acs", "dmaMask"],
        [FabricKind.Gpu] = ["name", "type", "under", "id", "acs", "dmaMask", "aperture", "memory"],
        [FabricKind.Endpoint] = ["name", "type", "under", "id", "acs", "dmaMask", "bars"],
        [FabricKind.Pmem] = ["name", "type", "under", "id", "acs", "memory", "backing"],
    };

    private static readonly string[] NodeKeys = [.. KindKeys.Values.SelectMany(static keys => keys).Distinct(StringComparer.Ordinal)];
    private static readonly string[] MediaKeys = ["read", "write", "latency"];
    private static readonly string[] CmbKeys = ["size", "bar"];
    private static readonly int[] LaneCounts = [1, 2, 4, 8, 12, 16, 32];

    private readonly List<FabricDraft> _nodes = [];
    private readonly Dictionary<string, FabricDraft> _fabric = new(StringComparer.Ordinal);

    private static string Word(FabricKind kind) => Kinds.First(pair => pair.Value == kind).Key;

    private void ReadFabric(MappingReader scenario)
    {
        foreach (SyntaxNode item in scenario.Items("fabric", Limits.Nodes, required: true))
        {
            FabricDraft draft = ReadNode(item);
            _nodes.Add(draft);
            string? name = draft.Name.Length == 0 ? null : draft.Name;
            if (_things.TryAdd(name, draft.Kind is { } kind ? Word(kind) : "node", draft.Reader.At("name")))
            {
                _fabric.Add(draft.Name, draft);
                if (draft.Name is "ram" or "auto")
                {
                    _errors.Add(draft.Reader.At("name"), $"{Phrase.Quote(draft.Name)} has a meaning of its own in a route's 'memory'; name the node otherwise");
                }
            }

            foreach (NamespaceDraft ns in draft.Namespaces)
            {
                name = ns.Spec.Name.Length == 0 ? null : ns.Spec.Name;
                if (_things.TryAdd(name, "namespace", ns.Reader.At("name")))
                {
                    _namespaces.Add(ns.Spec.Name, ns);
                }
            }
        }
    }

    private FabricDraft ReadNode(SyntaxNode item)
    {
        FabricKind? kind = PeekKind(item);
        MappingReader node = kind is { } known
            ? new(item, OneOf(known), KindKeys[known], _errors, key => DescribeForeignKey(key, known))
            : new(item, "a node", NodeKeys, _errors);
        string name = node.Name("name") ?? "";
        if (kind is null && node.Text("type", required: true) is { } type)
        {
            _errors.Add(node.At("type"), $"{Phrase.Quote(type)} is no type{Phrase.DidYouMean(type, Kinds.Keys)} (there is: {Phrase.List(Kinds.Keys)})");
        }

        (ushort? vendor, ushort? device) = ReadId(node);
        (int generation, int lanes) = ReadLink(node, kind);
        FabricSpec spec = new()
        {
            Name = name,
            Kind = kind ?? default,
            Under = node.Text("under", required: kind is not (null or FabricKind.HostBridge)),
            VendorId = vendor,
            DeviceId = device,
            AcsControl = node.Value("acs") is { } acs ? ReadAcs(acs) : null,
            LinkGeneration = generation,
            LinkLanes = lanes,
            BusOffset = ReadBusOffset(node),
            DmaMaskBits = (int)(node.Number("dmaMask", Limits.LeastDmaMaskBits, 64) ?? 64),
        };

        return kind switch
        {
            FabricKind.Nvme => ReadNvme(node, spec),
            FabricKind.Gpu => ReadGpu(node, spec),
            FabricKind.Endpoint => new(node, kind, spec with { BarBytes = ReadBars(node) }),
            FabricKind.Pmem => new(node, kind, spec with { MemoryBytes = ReadBarSize(node, "memory", Limits.Subsection), BackingPath = ReadBacking(node, name) }),
            _ => new(node, kind, spec),
        };
    }

    // The type decides which keys are right, wherever in the mapping it stands.
    private static FabricKind? PeekKind(SyntaxNode item) =>
        item is MappingNode mapping && mapping["type"] is ScalarNode { Text: var word } && Kinds.TryGetValue(word, out FabricKind kind) ? kind : null;

    private static string? DescribeForeignKey(string key, FabricKind kind)
    {
        string[] owners = [.. KindKeys.Where(pair => pair.Value.Contains(key, StringComparer.Ordinal)).Select(static pair => Word(pair.Key))];
        return owners.Length == 0 ? null : $"{OneOf(kind)} has no key {Phrase.Quote(key)}; it belongs to {string.Join(", ", owners)}";
    }

    private FabricDraft ReadNvme(MappingReader node, FabricSpec spec)
    {
        spec = spec with
        {
            ReadBytesPerSecond = Limits.DefaultMediaRead,
            WriteBytesPerSecond = Limits.DefaultMediaWrite,
            LatencyNanoseconds = Limits.DefaultMediaLatency,
        };
        if (node.Value("media") is { } mediaNode)
        {
            MappingReader media = new(mediaNode, "'media'", MediaKeys, _errors);
            spec = spec with
            {
                ReadBytesPerSecond = media.Rate("read") ?? spec.ReadBytesPerSecond,
                WriteBytesPerSecond = media.Rate("write") ?? spec.WriteBytesPerSecond,
                LatencyNanoseconds = media.Time("latency") ?? spec.LatencyNanoseconds,
            };
        }

        if (node.Value("cmb") is { } cmbNode)
        {
            MappingReader cmb = new(cmbNode, "'cmb'", CmbKeys, _errors);
            ulong bytes = ReadBarSize(cmb, "size");
            int bar = (int)(cmb.Number("bar", 0, 5) ?? (ulong)spec.CmbBar);
            CheckCmbBar(cmb, bar);
            spec = spec with { CmbBytes = bytes, CmbBar = bar };
        }

        IReadOnlyList<NamespaceDraft> namespaces = ReadNamespaces(node);
        return new(node, FabricKind.Nvme, spec with { Namespaces = [.. namespaces.Select(static ns => ns.Spec)] }) { Namespaces = namespaces };
    }

    private FabricDraft ReadGpu(MappingReader node, FabricSpec spec)
    {
        ulong aperture = ReadBarSize(node, "aperture", GpuRegisters.WindowAlignment);
        ulong? memory = node.Size("memory", GpuRegisters.WindowAlignment, Limits.LargestMemory, required: true);
        if (memory is { } bytes && bytes % GpuRegisters.WindowAlignment != 0)
        {
            _errors.Add(
                node.At("memory"),
                $"'memory': {SizeText.Format(bytes)} is not whole steps of the aperture, 1MiB each; {Phrase.NearestMultiples(bytes, GpuRegisters.WindowAlignment)}");
        }

        if (memory < aperture)
        {
            _errors.Add(
                node.At("aperture"),
                $"'aperture': {SizeText.Format(aperture)} show more than the {SizeText.Format(memory.Value)} of memory behind them; make 'memory' at least as large");
        }

        return new(node, FabricKind.Gpu, spec with { ApertureBytes = aperture, MemoryBytes = memory ?? 0 });
    }

    private ulong ReadBarSize(MappingReader reader, string key, ulong least = Limits.Granule) =>
        CheckBarSize(reader.Size(key, least, Limits.LargestMemory, required: true), key, reader.At(key));

    /// <summary>The sizes of an endpoint's BARs: they stand in a list, so that their number says which there are.</summary>
    private List<ulong> ReadBars(MappingReader node)
    {
        List<ulong> bars = [];
        foreach (SyntaxNode item in node.Items("bars", Limits.EndpointBars, required: true))
        {
            if (item is not ScalarNode { IsNothing: false } scalar)
            {
                _errors.Add(item.Position, $"a BAR is a size, like 4KiB, not {item.Kind}");
                continue;
            }

            // Read as if it were a key's value, so that its mistakes are told alike.
            MappingReader one = new(new MappingNode([new(new("bars", true, item.Position), scalar)], item.Position), "'bars'", ["bars"], _errors);
            bars.Add(ReadBarSize(one, "bars"));
        }

        return bars;
    }

    private ulong CheckBarSize(ulong? size, string key, SourcePosition at)
    {
        if (size is { } bytes && !BitOperations.IsPow2(bytes))
        {
            ulong above = BitOperations.RoundUpToPowerOf2(bytes);
            _errors.Add(
                at,
                $"{Phrase.Quote(key)}: a BAR of {SizeText.Format(bytes)} cannot be: its size is a power of two; the nearest are {SizeText.Format(above / 2)} and {SizeText.Format(above)}");
            return 0;
        }

        return size ?? 0;
    }

    // A 64-bit BAR takes two registers (PCIe Base Specification, section 7.5.1.2.1).
    private void CheckCmbBar(MappingReader cmb, int bar)
    {
        if (bar is 0 or 1)
        {
            _errors.Add(cmb.At("bar"), $"'bar': BAR {bar} overlaps the controller's registers and MSI-X table in BARs 0 and 1; use 2, 3 or 4");
        }
        else if (bar == 5)
        {
            _errors.Add(cmb.At("bar"), "'bar': the buffer's BAR is 64 bits wide and takes two; there is none after BAR 5, so use 2, 3 or 4");
        }
    }

    private (ushort? Vendor, ushort? Device) ReadId(MappingReader node)
    {
        if (node.Text("id") is not { } text)
        {
            return (null, null);
        }

        bool read = text.Length == 9 && text[4] == ':';
        ushort vendor = 0;
        ushort device = 0;
        read = read && ushort.TryParse(text.AsSpan(0, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out vendor);
        read = read && ushort.TryParse(text.AsSpan(5, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out device);
        if (!read)
        {
            _errors.Add(node.At("id"), $"'id': {Phrase.Quote(text)} is no PCI id; write vendor and device as four hexadecimal digits each, like \"1022:14a4\"");
            return (null, null);
        }

        if (vendor == 0xFFFF)
        {
            _errors.Add(node.At("id"), "'id': vendor ffff is what an absent device reads as; use another");
            return (null, null);
        }

        return (vendor, device);
    }

    private (int Generation, int Lanes) ReadLink(MappingReader node, FabricKind? kind)
    {
        bool isPort = kind is FabricKind.RootPort or FabricKind.DownstreamPort;
        if (node.Text("link", required: isPort) is not { } text)
        {
            return (0, 0);
        }

        int x = text.IndexOf('x', StringComparison.Ordinal);
        int generation = 0;
        int lanes = 0;
        bool read = text.StartsWith("gen", StringComparison.Ordinal) && x > 3;
        read = read && int.TryParse(text.AsSpan(3, x - 3), NumberStyles.None, CultureInfo.InvariantCulture, out generation);
        read = read && int.TryParse(text.AsSpan(x + 1), NumberStyles.None, CultureInfo.InvariantCulture, out lanes);
        string? problem = (read, generation, lanes) switch
        {
            (false, _, _) => "is no link; write generation and lanes like gen4x16",
            (_, < 1 or > 6, _) => "names no PCIe generation; there are gen1 to gen6",
            _ when !LaneCounts.Contains(lanes) => $"is no link width; lanes are {string.Join(", ", LaneCounts)}",
            _ => null,
        };
        if (problem is null)
        {
            return (generation, lanes);
        }

        _errors.Add(node.At("link"), $"'link': {Phrase.Quote(text)} {problem}");
        return (0, 0);
    }

    private ulong ReadBusOffset(MappingReader node)
    {
        if (node.Text("busOffset") is not { } text)
        {
            return 0;
        }

        bool negative = text.StartsWith('-');
        string magnitude = negative ? text[1..] : text;
        ulong value;
        bool read = magnitude.StartsWith("0x", StringComparison.Ordinal)
            ? ulong.TryParse(magnitude.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value)
            : SizeText.TryParse(magnitude, out value, out _);
        if (!read)
        {
            _errors.Add(node.At("busOffset"), $"'busOffset': {Phrase.Quote(text)} is no offset; write a size or 64 hexadecimal bits, like 4GiB, -2GiB or 0x100000000");
            return 0;
        }

        return negative ? unchecked(0 - value) : value;
    }
}
