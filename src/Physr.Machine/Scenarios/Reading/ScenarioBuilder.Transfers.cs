// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

internal sealed partial class ScenarioBuilder
{
    private static readonly string[] TransferKeys = ["name", "from", "fromOffset", "to", "toOffset", "length", "chunk", "queueDepth"];

    private readonly List<TransferDraft> _transfers = [];

    private void ReadTransfers(MappingReader scenario)
    {
        NameTable names = new(_errors, "transfers");
        foreach (SyntaxNode item in scenario.Items("transfers", Limits.Transfers, required: true))
        {
            MappingReader transfer = new(item, "a transfer", TransferKeys, _errors);
            string? name = transfer.Name("name");
            string? from = transfer.Text("from", required: true);
            ulong? fromOffset = transfer.Size("fromOffset");
            string? to = transfer.Text("to", required: true);
            ulong? toOffset = transfer.Size("toOffset");
            ulong? length = transfer.Size("length", 1, required: true);
            ulong? chunk = transfer.Size("chunk", Limits.Granule, Limits.LargestChunk);
            CheckGranules(transfer, "chunk", chunk);
            ulong? queueDepth = transfer.Number("queueDepth", 1, Limits.DeepestQueue);
            bool isSound = transfer.IsSound;
            names.TryAdd(name, "transfer", transfer.At("name"));
            _transfers.Add(new(
                transfer,
                new(
                    name ?? "",
                    from ?? "",
                    fromOffset ?? 0,
                    to ?? "",
                    toOffset ?? 0,
                    length ?? 0,
                    (uint)(chunk ?? Limits.DefaultChunk),
                    (int)(queueDepth ?? Limits.DefaultQueueDepth)),
                isSound));
        }
    }

    private void CheckTransfers()
    {
        foreach (TransferDraft draft in _transfers)
        {
            TransferSpec spec = draft.Spec;
            if (spec.From.Length > 0 && spec.From == spec.To)
            {
                _errors.Add(draft.Reader.At("to"), $"'to' is {Phrase.Quote(spec.To)}, as 'from' is; a transfer goes from one end to another");
                continue;
            }

            // What is wrong with both ends, as a length is, is told once.
            int before = _errors.Count;
            CheckEnd(draft, "from", "fromOffset", spec.From, spec.FromOffset);
            CheckEnd(_errors.Count == before ? draft : draft with { IsSound = false }, "to", "toOffset", spec.To, spec.ToOffset);
        }
    }

    private void CheckEnd(TransferDraft draft, string key, string offsetKey, string name, ulong offset)
    {
        if (name.Length == 0)
        {
            return;
        }

        if (_namespaces.TryGetValue(name, out NamespaceDraft? ns))
        {
            if (draft.IsSound && ns.IsSound && AreBlocks(draft, offsetKey, ns, offset))
            {
                CheckBounds(draft, offsetKey, $"namespace {Phrase.Quote(name)}", ns.Spec.SizeBytes, offset);
            }
        }
        else if (_initiators.TryGetValue(name, out InitiatorDraft? initiator))
        {
            if (draft.IsSound && initiator.IsSound)
            {
                CheckBounds(draft, offsetKey, $"the memory of {Phrase.Quote(name)}", initiator.Spec.MemoryBytes, offset);
            }
        }
        else if (_fabric.TryGetValue(name, out FabricDraft? node))
        {
            string hint = node.Namespaces.Count > 0 ? $"; its namespaces are {Phrase.List(node.Namespaces.Select(static ns => ns.Spec.Name))}" : "";
            _errors.Add(draft.Reader.At(key), $"{Phrase.Quote(key)}: {Phrase.Quote(name)} is a node; bytes lie in namespaces and initiators{hint}");
        }
        else
        {
            _things.NoteMissing(name, draft.Reader.At(key), "namespace or initiator", [.. _namespaces.Keys, .. _initiators.Keys]);
        }
    }

    private bool AreBlocks(TransferDraft draft, string offsetKey, NamespaceDraft ns, ulong offset)
    {
        ulong lba = (ulong)ns.Spec.LbaBytes;
        (string Key, ulong Value, ulong Least)[] aligned = [(offsetKey, offset, 0), ("length", draft.Spec.LengthBytes, lba)];
        foreach ((string alignedKey, ulong value, ulong least) in aligned)
        {
            if (value % lba == 0)
            {
                continue;
            }

            _errors.Add(
                draft.Reader.At(alignedKey),
                $"{Phrase.Quote(alignedKey)}: {value} bytes are no whole blocks of {Phrase.Quote(ns.Spec.Name)}, which are {lba} bytes; {Phrase.NearestMultiples(value, lba, least)}");
            return false;
        }

        return true;
    }

    private void CheckBounds(TransferDraft draft, string offsetKey, string where, ulong size, ulong offset)
    {
        ulong length = draft.Spec.LengthBytes;
        if (offset > size || length > size - offset)
        {
            bool offsetIsGiven = draft.Reader.Node[offsetKey] is not null;
            string most = offset >= size ? "no byte lies there" : $"{SizeText.Format(size - offset)} lie there";
            _errors.Add(
                draft.Reader.At(offsetIsGiven && offset >= size ? offsetKey : "length"),
                $"{SizeText.Format(length)} from offset {SizeText.Format(offset)} pass the end of {where}, which has {SizeText.Format(size)}; {most}");
        }
    }
}
