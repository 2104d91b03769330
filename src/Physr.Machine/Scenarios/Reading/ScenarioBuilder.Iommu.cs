// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private static readonly string[] IommuKeys = ["mode", "format", "iotlb"];

    private static readonly Dictionary<string, IommuPolicy> IommuModes = new(StringComparer.Ordinal)
    {
        ["strict"] = IommuPolicy.Strict,
        ["lazy"] = IommuPolicy.Lazy,
        ["passthrough"] = IommuPolicy.Passthrough,
        ["off"] = IommuPolicy.Off,
    };

    private static readonly Dictionary<string, IoPageTableFormat> IommuFormats = new(StringComparer.Ordinal)
    {
        ["amdV1"] = IoPageTableFormat.AmdV1,
        ["vtdSecondStage"] = IoPageTableFormat.VtdSecondStage,
        ["x86-64"] = IoPageTableFormat.X86_64,
    };

    // What a route's IOMMU is where it does not say: the host's.
    private IommuSpec _iommu = new(IoPageTableFormat.AmdV1, IommuPolicy.Lazy, Limits.DefaultIotlbEntries);

    private IommuSpec? ReadHostIommu(MappingReader host, string vendor)
    {
        // Of its maker, where nothing else is said; lazy, as the kernel's default is on this architecture.
        _iommu = _iommu with { Format = vendor is "AuthenticAMD" or "HygonGenuine" ? IoPageTableFormat.AmdV1 : IoPageTableFormat.VtdSecondStage };
        if (ReadIommu(host) is not { } spec)
        {
            return null;
        }

        _iommu = spec;
        return spec;
    }

    private IommuSpec? ReadIommu(MappingReader owner)
    {
        if (owner.Value("iommu") is not { } node)
        {
            return null;
        }

        MappingReader iommu = new(node, "'iommu'", IommuKeys, _errors);
        int entries = (int)(iommu.Number("iotlb", 0, Limits.MostIotlbEntries) ?? (ulong)_iommu.IotlbEntries);
        if (entries != 0 && (entries < Limits.LeastIotlbEntries || !System.Numerics.BitOperations.IsPow2(entries)))
        {
            _errors.Add(iommu.At("iotlb"), $"'iotlb': {entries} entries cannot be; write 0 for none, or a power of two from {Limits.LeastIotlbEntries}");
            entries = 0;
        }

        return new(ReadWord(iommu, "format", IommuFormats, _iommu.Format), ReadWord(iommu, "mode", IommuModes, _iommu.Policy), entries);
    }

    private TValue ReadWord<TValue>(MappingReader reader, string key, Dictionary<string, TValue> words, TValue absent)
    {
        if (reader.Text(key) is not { } text)
        {
            return absent;
        }

        if (words.TryGetValue(text, out TValue? value))
        {
            return value;
        }

        _errors.Add(reader.At(key), $"{Phrase.Quote(key)}: {Phrase.Quote(text)} is no {key}{Phrase.DidYouMean(text, words.Keys)} (there is: {Phrase.List(words.Keys)})");
        return absent;
    }

    private Dictionary<string, int> ReadRouteMasks(MappingReader route)
    {
        Dictionary<string, int> masks = new(StringComparer.Ordinal);
        if (route.Value("dmaMask") is not { } node)
        {
            return masks;
        }

        if (node is not MappingNode mapping)
        {
            _errors.Add(node.Position, $"'dmaMask' of a route maps devices to address bits, like {{ nvme0: 32 }}, not {node.Kind}");
            return masks;
        }

        // Any key may be right here; duplicates are still wrong.
        MappingReader reader = new(node, "'dmaMask'", [.. mapping.Entries.Select(static entry => entry.Key.Text)], _errors);
        foreach ((ScalarNode key, _) in mapping.Entries)
        {
            if (!_fabric.TryGetValue(key.Text, out FabricDraft? target))
            {
                _things.NoteMissing(key.Text, key.Position, "node of the fabric", _fabric.Keys);
            }
            else if (!target.IsDevice)
            {
                _errors.Add(key.Position, $"{Phrase.Quote(key.Text)} is {OneOf(target.Kind ?? default)}, which puts no addresses on the bus itself; devices do");
            }
            else if (reader.Number(key.Text, Limits.LeastDmaMaskBits, 64) is { } bits)
            {
                masks.TryAdd(key.Text, (int)bits);
            }
        }

        return masks;
    }
}
