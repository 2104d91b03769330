// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Storage.Raid;

namespace Physr.Machine.Scenarios.Reading;

/// <content>Scenarios of <c>kind: storage</c>: a file on an array of persistent memory.</content>
internal sealed partial class ScenarioBuilder
{
    private static readonly string[] StorageScenarioKeys = ["name", "kind", "seed", "host", "fabric", "initiators", "storage", "routes", "faults"];
    private static readonly string[] StorageKeys = ["members", "spare", "chunk", "file", "cut", "drive", "initiator"];
    private static readonly string[] StorageRouteKeys = ["name", "level", "lose", "chunk", "cpu", "iommu", "acs"];

    private static readonly Dictionary<string, RaidLevel> RaidLevels = new(StringComparer.Ordinal)
    {
        ["0"] = RaidLevel.Raid0,
        ["1"] = RaidLevel.Raid1,
        ["5"] = RaidLevel.Raid5,
        ["6"] = RaidLevel.Raid6,
        ["10"] = RaidLevel.Raid10,
    };

    private readonly List<FabricDraft> _members = [];
    private ulong _chunk;

    /// <summary>Reads a scenario with a file on an array.</summary>
    private Scenario? BuildStorage(SyntaxNode root)
    {
        MappingReader reader = new(root, "a scenario of kind storage", StorageScenarioKeys, _errors);
        string name = reader.Name("name") ?? "";
        ulong seed = reader.Number("seed", 0, ulong.MaxValue) ?? 1;
        HostSpec host = ReadHost(reader);
        ReadFabric(reader);
        ReadInitiators(reader);
        CheckFabric();
        StorageSpec? storage = ReadStorage(reader);
        ReadStorageRoutes(reader, storage);
        ReadFaults(reader);
        CheckStorageBackings();
        return _errors.Count > 0 ? null : new(
            name,
            seed,
            host,
            [.. ParentsFirst()],
            [.. _initiators.Values.Select(static draft => draft.Spec)],
            [],
            [.. _routes.Select(static draft => draft.Spec)],
            _faults) { Storage = storage };
    }

    private StorageSpec? ReadStorage(MappingReader scenario)
    {
        if (scenario.Value("storage", required: true) is not { } node)
        {
            return null;
        }

        MappingReader storage = new(node, "'storage'", StorageKeys, _errors);
        foreach (SyntaxNode item in storage.Items("members", Limits.ArrayMembers, required: true))
        {
            ReadMember(item);
        }

        FabricDraft? spare = ReadNodeOfKind(storage.Text("spare"), storage.At("spare"), "spare", FabricKind.Pmem);
        if (spare is not null && _members.Contains(spare))
        {
            _errors.Add(storage.At("spare"), $"'spare': {Phrase.Quote(spare.Name)} is a member already; name another pmem, or leave it out");
        }

        _chunk = ReadChunk(storage) ?? Limits.DefaultStripeChunk;
        ulong file = ReadPages(storage, "file", Limits.MostArrayFile, required: true) ?? 0;
        ulong cut = ReadPages(storage, "cut", ulong.MaxValue, required: false) ?? Alignment.Down(file / 2, Limits.Granule);
        if (storage.IsSound && cut >= file)
        {
            _errors.Add(storage.At("cut"), $"'cut': the file has {SizeText.Format(file)}; it is cut to fewer");
        }

        string? drive = storage.Text("drive", required: true);
        if (drive is not null && !_namespaces.ContainsKey(drive))
        {
            _things.NoteMissing(drive, storage.At("drive"), "namespace", [.. _namespaces.Keys]);
        }
        else if (drive is not null && _namespaces[drive] is { IsSound: true } ns && ns.Spec.SizeBytes < file)
        {
            _errors.Add(storage.At("drive"), $"'drive': {Phrase.Quote(drive)} has {SizeText.Format(ns.Spec.SizeBytes)}, and the file {SizeText.Format(file)}");
        }

        string? initiator = storage.Text("initiator", required: true);
        if (initiator is not null && !_initiators.ContainsKey(initiator))
        {
            _things.NoteMissing(initiator, storage.At("initiator"), "initiator", [.. _initiators.Keys]);
        }
        else if (initiator is not null && _initiators[initiator] is { IsSound: true } peer && peer.Spec.MemoryBytes < file)
        {
            _errors.Add(storage.At("initiator"), $"'initiator': {Phrase.Quote(initiator)} has {SizeText.Format(peer.Spec.MemoryBytes)} of memory, and the file {SizeText.Format(file)}");
        }

        return new()
        {
            Members = [.. _members.Select(static member => member.Name)],
            Spare = spare?.Name,
            FileBytes = file,
            CutBytes = cut,
            Drive = drive ?? "",
            Initiator = initiator ?? "",
        };
    }

    private void ReadMember(SyntaxNode item)
    {
        if (item is not ScalarNode { IsNothing: false } scalar)
        {
            _errors.Add(item.Position, $"a member is the name of a pmem, not {item.Kind}");
        }
        else if (_members.Exists(member => member.Name == scalar.Text))
        {
            _errors.Add(item.Position, $"{Phrase.Quote(scalar.Text)} is a member already");
        }
        else if (ReadNodeOfKind(scalar.Text, item.Position, "members", FabricKind.Pmem) is { } member)
        {
            _members.Add(member);
        }
    }

    private ulong? ReadPages(MappingReader reader, string key, ulong most, bool required)
    {
        ulong? bytes = reader.Size(key, Limits.Granule, most, required);
        CheckGranules(reader, key, bytes);
        return bytes;
    }

    private ulong? ReadChunk(MappingReader reader)
    {
        ulong? chunk = reader.Size("chunk", Limits.Granule, Limits.LargestStripeChunk);
        if (chunk is { } bytes && !BitOperations.IsPow2(bytes))
        {
            _errors.Add(reader.At("chunk"), $"'chunk': {SizeText.Format(bytes)} is no power of two; write one from 4KiB to {SizeText.Format(Limits.LargestStripeChunk)}");
            return null;
        }

        return chunk;
    }

    private void ReadStorageRoutes(MappingReader scenario, StorageSpec? storage)
    {
        _routeNames = new(_errors, "routes");
        foreach (SyntaxNode item in scenario.Items("routes", Limits.Routes, required: true))
        {
            MappingReader route = new(item, "a route of a scenario of kind storage", StorageRouteKeys, _errors);
            string? name = route.Name("name");
            _routeNames.TryAdd(name, "route", route.At("name"));
            RaidLevel level = route.Value("level", required: true) is null ? RaidLevel.Raid0 : ReadWord(route, "level", RaidLevels, RaidLevel.Raid0);
            int lost = (int)(route.Number("lose", 0, 2) ?? (level == RaidLevel.Raid0 ? 0UL : 1));
            ulong chunk = ReadChunk(route) ?? _chunk;
            if (storage is not null && route.IsSound)
            {
                CheckArray(route, storage, level, chunk, lost);
            }

            (string Vendor, int Family)? cpu = ReadCpu(route, required: false);
            _routes.Add(new(route, new()
            {
                Name = name ?? "",
                CpuVendor = cpu?.Vendor,
                CpuFamily = cpu?.Family ?? 0,
                Iommu = ReadIommu(route),
                AcsControl = ReadRouteAcs(route),
                Storage = new(level, (uint)chunk, lost),
                FallBack = false,
            }));
        }
    }

    /// <summary>Whether the level has members enough, loses no more than it survives, and has room for the file.</summary>
    private void CheckArray(MappingReader route, StorageSpec storage, RaidLevel level, ulong chunk, int lost)
    {
        ulong smallest = _members.Count == 0 ? 0 : _members.Min(static member => member.Spec.MemoryBytes);
        if (smallest == 0 || storage.FileBytes == 0)
        {
            return;
        }

        ulong dataOffset = RaidGeometry.TryCreate(level, _members.Count, (uint)chunk, 2, PageSize.Size1G, out _, out string reason) == Errno.None
            ? RaidArray.DataOffsetOf(level, _members.Count, (uint)chunk)
            : ulong.MaxValue;
        if (dataOffset == ulong.MaxValue)
        {
            _errors.Add(route.At("level"), $"'level': {reason}");
            return;
        }

        RaidGeometry? geometry = null;
        bool hasRoom = smallest > dataOffset && RaidGeometry.TryCreate(level, _members.Count, (uint)chunk, 2, smallest - dataOffset, out geometry, out reason) == Errno.None;

        // The file is written twice before the old one goes, and the store keeps its own books.
        ulong needed = (2 * storage.FileBytes) + Limits.RoomForMetadata;
        if (!hasRoom || geometry!.ArrayBytes < needed)
        {
            _errors.Add(
                route.At("level"),
                $"'level': {_members.Count} members of {SizeText.Format(smallest)} make an array of {SizeText.Format(geometry?.ArrayBytes ?? 0)}; two files of {SizeText.Format(storage.FileBytes)} and "
                    + $"what is kept about them need {SizeText.Format(needed)}");
        }
        else if (lost > geometry.Tolerates)
        {
            _errors.Add(route.At("lose"), $"'lose': this array survives the loss of {geometry.Tolerates} of its members, whichever they are");
        }
        else if (lost > 0 && storage.Spare is null)
        {
            _errors.Add(route.Node.Position, "a member is lost and 'storage' names no 'spare' to rebuild it on; name one, or say 'lose: 0'");
        }
        else if (lost > 0 && _fabric[storage.Spare!].Spec.MemoryBytes < smallest)
        {
            _errors.Add(_fabric[storage.Spare!].Reader.At("memory"), $"'memory': the spare {Phrase.Quote(storage.Spare!)} is smaller than the members it may replace, {SizeText.Format(smallest)}");
        }
    }

    /// <summary>Files behind cards and namespaces.</summary>
    private void CheckStorageBackings()
    {
        _writesEveryNamespace = true;
        FabricDraft[] cards = [.. _fabric.Values.Where(static node => node.Kind == FabricKind.Pmem)];
        CheckBackings(cards.Select(static card => card.Name));
        bool any = false;
        foreach (FabricDraft card in cards.Where(static card => card.Spec.BackingPath is not null && card.Spec.MemoryBytes != 0))
        {
            any = true;
            string path = card.Spec.BackingPath!;
            if (DescribeBacking(new(card.Name, card.Spec.MemoryBytes, (int)Limits.Granule, path), path, isCard: true) is not { } problem)
            {
                continue;
            }

            if (_fileOverrides.TryGetValue(card.Name, out string? file))
            {
                _errors.AddOption(Option(card.Name, file), problem);
            }
            else
            {
                _errors.Add(card.Reader.At("backing"), $"'backing': {problem}");
            }
        }

        if (any && _routes.Count > 1)
        {
            _errors.Add(_routes[1].Reader.Node.Position, $"files back persistent memory, and hold one array from run to run; there are {_routes.Count} routes with an array each: leave one");
        }
    }
}
