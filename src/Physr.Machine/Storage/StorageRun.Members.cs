// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Fabric;
using Physr.Machine.Offload;
using Physr.Storage;
using Physr.Storage.Files;
using Physr.Storage.Raid;

namespace Physr.Machine.Storage;

/// <content>The array: what an earlier run left, a new one, members that are lost and rebuilt.</content>
internal sealed partial class StorageRun
{
    private const ulong RebuildBytes = 1 << 20;
    private const ulong SuperblockBytes = 4096;

    private void Build(CancellationToken cancellation)
    {
        JudgeRoutes();
        BlockDevice[] members = [.. _spec.Members.Select(name => _cards[name])];
        RaidHost host = new(new HostStripeMemory(_machine, _route.Name), _bytes);
        bool isBlank = Array.TrueForAll(members, static member => IsZero(member.Dax!));
        Errno errno;
        string reason;
        if (_regions.Count != 0 && !isBlank)
        {
            // What a killed run left is put in order by its own journal and bitmap, as at every start.
            BlockDevice[] all = _spec.Spare is { } spare && !IsZero(_cards[spare].Dax) ? [.. members, _cards[spare]] : members;
            RaidAssembly how = new() { Id = ArrayId(), Recovery = RaidRecovery.Now, AllowDegraded = true };
            errno = RaidArray.TryAssemble(how, all, host, out _raid, out reason);
        }
        else
        {
            RaidOptions options = new() { Name = _route.Name, Id = ArrayId(), Level = _array.Level, ChunkBytes = _array.ChunkBytes, AssumeZeroed = isBlank };
            errno = RaidArray.TryCreate(options, members, host, out _raid, out reason);
        }

        Must(errno, "put array together", reason);
        OpenStore();
        Stage("assembled");

        // Behind the array nobody needs descriptors; before an MMU may show it, it does.
        Errno hidden = _raid!.CheckMmuMapping(_machine.Map, 0, PageSize.Size4K, out string rule);
        _reasons.Add(hidden == Errno.None ? $"{_raid.Name}: bytes behind the array have page descriptors, and nobody made them" : $"hidden: {rule}");
    }

    private Guid ArrayId() => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(_route.Name))[..16]);

    /// <summary>Mounts the store; formats it only where there never was one.</summary>
    private void OpenStore()
    {
        IDaxDevice dax = _raid!.Dax!;
        if (IsZero(dax))
        {
            Must(FileStore.TryFormat(dax, out string unformatted, new() { Id = 1 + _seed }), "format store", unformatted);
        }

        Must(FileStore.TryMount(dax, out _store, out string reason), "mount store", reason);
        IReadOnlyList<string> problems = _store!.Check();
        Must(problems.Count == 0 ? Errno.None : Errno.EUCLEAN, "check store", problems.Count == 0 ? "" : problems[0]);
        _found = _store.List().Count != 0 ? "consistent" : _found;
        foreach (string name in _store.List().Where(static name => Generation.Of(name) is not null && !name.EndsWith(Generation.DraftSuffix, StringComparison.Ordinal)))
        {
            CheckFound(name);
        }
    }

    /// <summary>A file with a final name is whole, or cut where runs cut it: whatever ended the run before.</summary>
    private void CheckFound(string name)
    {
        Must(_store!.TryOpen(name, out StoreFile? file), "open file");
        byte[] found = new byte[file!.Length];
        Must(file.TryRead(0, found, out _), "read file");
        byte[] content = Generation.Content(_seed, Generation.Of(name)!.Value, _spec.FileBytes);
        bool isWhole = (file.Length == _spec.FileBytes || file.Length == _spec.CutBytes) && found.AsSpan().SequenceEqual(content.AsSpan(0, found.Length));
        Must(isWhole ? Errno.None : Errno.EUCLEAN, "check file", $"{name}, left by an earlier run, is not whole: it has {file.Length} bytes{(isWhole ? "" : ", or others than were written")}");
        _foundFiles++;
    }

    /// <summary>Whether the drive and the NIC reach all cards without RAM in between.</summary>
    private void JudgeRoutes()
    {
        FabricNode[] clients = [_host.NodeOf(_spec.Drive), _host.NodeOf(_spec.Initiator)];
        P2PMapType worst = P2PMapType.BusAddress;
        foreach (string card in _spec.Members)
        {
            RouteChoice choice = RouteChoice.Judge(_machine, _machine.Fabric[card], clients);
            worst = RouteChoice.Worse(worst, choice.MapType);
            _reasons.AddRange(choice.MapType == P2PMapType.NotSupported || card == _spec.Members[0] ? choice.Reasons : []);
        }

        _verdict = new RouteChoice(null, worst, []).Verdict;
    }

    /// <summary>Members are lost, the file is read all the same, and others take their places.</summary>
    private void LoseAndRebuild(CancellationToken cancellation)
    {
        if (_array.Lost == 0)
        {
            return;
        }

        Must(_store!.TryOpen(_name, out StoreFile? file), "open file");
        DaxBlockDevice[] spares = [_cards[_spec.Spare!], .. _spec.Members.Select(name => _cards[name])];
        int[] roles = [.. Enumerable.Range(0, _array.Lost)];
        foreach (int role in roles)
        {
            Must(_raid!.Fail(role, out string lost), "lose member", lost);
        }

        Verify("degraded", file!);
        Stage("degraded");
        foreach (int role in roles)
        {
            // The second one is rebuilt on the card that was lost first.
            Must(_raid!.TryReplace(role, spares[role], overwrite: true, out string refused), "replace member", refused);
            RaidProgress progress;
            do
            {
                cancellation.ThrowIfCancellationRequested();
                Must(_raid.RebuildStep(RebuildBytes, out progress, out string stuck), "rebuild member", stuck);
                _observer?.Rebuilding(progress.Done, progress.Total);
            }
            while (progress.Done < progress.Total);

            _rebuilt += progress.Total;
        }

        Verify("rebuilt", file!);
        Stage("rebuilt");
    }

    /// <summary>Copies and parity agree, and a fresh mount finds the file.</summary>
    private void Check(CancellationToken cancellation)
    {
        RaidScrubReport scrub = _raid!.Scrub(repair: false);
        _mismatches = scrub.Mismatches.Count;
        Must(_mismatches == 0 ? Errno.None : Errno.EUCLEAN, "scrub", $"{_mismatches} stripes do not agree");
        Must(FileStore.TryMount(_raid.Dax!, out FileStore? fresh, out string reason, isReadOnly: true), "mount again", reason);
        IReadOnlyList<string> problems = fresh!.Check(readsData: true);
        Must(problems.Count == 0 ? Errno.None : Errno.EUCLEAN, "check store", problems.Count == 0 ? "" : problems[0]);
        Must(fresh.TryOpen(_name, out StoreFile? file), "open file");
        Verify("remounted", file!);
        Stage("end");
    }

    private static bool IsZero(IDaxDevice device)
    {
        Span<byte> first = stackalloc byte[(int)SuperblockBytes];
        return device.TryRead(0, first) == Errno.None && first.IndexOfAnyExcept((byte)0) < 0;
    }
}
