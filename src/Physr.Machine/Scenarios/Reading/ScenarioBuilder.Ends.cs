// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private static readonly string[] NamespaceKeys = ["name", "size", "lba", "backing"];
    private static readonly string[] InitiatorKeys = ["name", "nic", "memory", "rate", "latency"];

    private readonly Dictionary<string, NamespaceDraft> _namespaces = new(StringComparer.Ordinal);
    private readonly Dictionary<string, InitiatorDraft> _initiators = new(StringComparer.Ordinal);

    private List<NamespaceDraft> ReadNamespaces(MappingReader controller)
    {
        List<NamespaceDraft> namespaces = [];
        foreach (SyntaxNode item in controller.Items("namespaces", Limits.Namespaces))
        {
            MappingReader ns = new(item, "a namespace", NamespaceKeys, _errors);
            string name = ns.Name("name") ?? "";
            int lba = ReadLba(ns);
            ulong? size = ns.Size("size", (ulong)lba, Limits.LargestNamespace, required: true);
            if (size is { } bytes && bytes % (ulong)lba != 0)
            {
                _errors.Add(ns.At("size"), $"'size': {bytes} bytes are no whole blocks of {lba} bytes; {Phrase.NearestMultiples(bytes, (ulong)lba)}");
                size = null;
            }

            NamespaceSpec spec = new(name, size ?? 0, lba, ReadBacking(ns, name));
            namespaces.Add(new(ns, spec, ns.IsSound && size is not null));
        }

        return namespaces;
    }

    /// <summary>The file that holds something's bytes; the command line's wins.</summary>
    private string? ReadBacking(MappingReader reader, string name)
    {
        string? backing = reader.Text("backing");
        string? path = backing is null ? null : Path.GetFullPath(Path.Combine(_folder, backing.Replace("\0", "", StringComparison.Ordinal)));
        return _fileOverrides.TryGetValue(name, out string? file) ? Path.GetFullPath(file) : path;
    }

    private int ReadLba(MappingReader ns)
    {
        ulong? lba = ns.Size("lba");
        if (lba is not (null or 512 or 4096))
        {
            _errors.Add(ns.At("lba"), $"'lba': blocks of {lba} bytes are not formatted by these drives; write 512 or 4096");
            return Limits.DefaultLba;
        }

        return (int)(lba ?? Limits.DefaultLba);
    }

    private void ReadInitiators(MappingReader scenario)
    {
        foreach (SyntaxNode item in scenario.Items("initiators", Limits.Initiators))
        {
            MappingReader initiator = new(item, "an initiator", InitiatorKeys, _errors);
            string? name = initiator.Name("name");
            string? nic = initiator.Text("nic", required: true);
            ulong? memory = initiator.Size("memory", Limits.Granule, Limits.LargestMemory, required: true);
            CheckGranules(initiator, "memory", memory);
            InitiatorSpec spec = new(
                name ?? "",
                nic ?? "",
                memory ?? 0,
                initiator.Rate("rate") ?? Limits.DefaultNetworkRate,
                initiator.Time("latency") ?? Limits.DefaultNetworkLatency);
            if (_things.TryAdd(name, "initiator", initiator.At("name")))
            {
                _initiators.Add(spec.Name, new(initiator, spec, initiator.IsSound));
            }
        }

        // After all names are known, so that a NIC is not missing because an initiator's name is wrong.
        foreach (InitiatorDraft draft in _initiators.Values.Where(static draft => draft.Spec.Nic.Length > 0))
        {
            CheckNic(draft);
        }
    }

    private void CheckNic(InitiatorDraft draft)
    {
        string nic = draft.Spec.Nic;
        SourcePosition at = draft.Reader.At("nic");
        string[] nics = [.. _fabric.Values.Where(static node => node.Kind == FabricKind.RdmaNic).Select(static node => node.Name)];
        if (!_fabric.TryGetValue(nic, out FabricDraft? node))
        {
            _things.NoteMissing(nic, at, "rdmaNic", nics);
        }
        else if (node.Kind is { } kind && kind != FabricKind.RdmaNic)
        {
            _errors.Add(at, $"{Phrase.Quote(nic)} is {OneOf(kind)}; an initiator talks to an rdmaNic (there is: {Phrase.List(nics)})");
        }
        else if (_initiators.Values.First(other => other.Spec.Nic == nic) is var first && !ReferenceEquals(first, draft))
        {
            _errors.Add(at, $"{Phrase.Quote(nic)} has one port, and {Phrase.Quote(first.Spec.Name)} is at its other end; give {Phrase.Quote(draft.Spec.Name)} a NIC of its own");
        }
    }
}
