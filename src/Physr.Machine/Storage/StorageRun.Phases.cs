// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Block;
using Physr.Machine.Fabric;
using Physr.Machine.Offload;
using Physr.Storage;
using Physr.Storage.Files;

namespace Physr.Machine.Storage;

/// <content>What happens, in order: the file is written, and read by devices where it lies.</content>
internal sealed partial class StorageRun
{
    private const int MostTags = 64;
    private const uint SendBytes = 256 << 10;

    private string _name = "";

    private IEnumerable<(string Name, Action<CancellationToken> Act)> Phases() =>
    [
        ("build", Build),
        ("write", Write),
        ("drive", ReadIntoDrive),
        ("peer", SendToPeer),
        ("map", Map),
        ("cut", Cut),
        ("unmap", Unmap),
        ("lose", LoseAndRebuild),
        ("end", Check),
    ];

    private ulong Length => (ulong)_content.Length;

    /// <summary>A new file is written under a name of its own, made durable, and only then takes the name that counts: whoever finds that finds all of it.</summary>
    private void Write(CancellationToken cancellation)
    {
        string[] before = [.. _store!.List()];
        ulong number = before.Select(static name => Generation.Of(name) ?? 0).DefaultIfEmpty().Max() + 1;
        _content = Generation.Content(_seed, number, _spec.FileBytes);
        _name = Generation.Name(number);
        string draft = _name + Generation.DraftSuffix;
        Must(_store.TryCreate(draft, out StoreFile? file), "create file");
        Must(file!.TryAllocate(0, Length), "allocate file");
        for (int at = 0; at < _content.Length; at += 1 << 20)
        {
            cancellation.ThrowIfCancellationRequested();
            Must(file.TryWrite((ulong)at, _content.AsSpan(at, Math.Min(1 << 20, _content.Length - at))), "write file");
        }

        Must(_store.TryRename(draft, _name), "rename file");
        foreach (string old in before)
        {
            Must(_store.TryUnlink(old), "unlink file");
        }

        Verify("written", file);
        Stage("written");
    }

    /// <summary>The drive fetches the file from where it lies.</summary>
    private void ReadIntoDrive(CancellationToken cancellation)
    {
        RangeList list = Extents();
        _ranges = (list.EntryCount, list.PackedBytes);
        FabricNode node = _host.NodeOf(_spec.Drive);
        uint number = (uint)node.Spec.Namespaces.TakeWhile(ns => ns.Name != _spec.Drive).Count() + 1;
        _drive = NvmeBlockDevice.Open(_machine, node, number);
        BlockStatus status = _drive.Execute(new Bio(BioOperation.Write, 0, list.All, BioFlags.ForceUnitAccess));
        CheckDrive("drive", status, 0, Length);
        Progress(Length);
    }

    /// <summary>The NIC fetches the file from where it lies, and sends it to the peer.</summary>
    private void SendToPeer(CancellationToken cancellation)
    {
        ITransferEnd peer = _host.OpenEnd(_spec.Initiator);
        if (!_machine.Mapper.TryMap(_machine.DmaOf(peer.Node), Extents(), DmaDirection.ToDevice, out DmaMapping? mapping, out DmaMapError? error))
        {
            _transfers.Add(new("peer", 0, "", false, error!.ToString()));
            return;
        }

        using (mapping)
        {
            peer.Open(mapping!.Addresses);
            string? failure = Send(peer, Length, cancellation);
            peer.Close();
            Judge("peer", failure, Length, peer.Inspect);
        }

        Progress(Length);
        Stage("read");
    }

    private string? Send(ITransferEnd peer, ulong length, CancellationToken cancellation)
    {
        Stack<int> free = new(Enumerable.Range(0, MostTags));
        EndCompletion[] completions = new EndCompletion[MostTags];
        string? failure = null;
        ulong sent = 0;
        while (sent < length || free.Count < MostTags)
        {
            cancellation.ThrowIfCancellationRequested();
            while (sent < length && failure is null && free.TryPeek(out int tag) && peer.TryStore(sent, (uint)Math.Min(SendBytes, length - sent), sent, tag))
            {
                free.Pop();
                sent += Math.Min(SendBytes, length - sent);
            }

            sent = failure is null ? sent : length;
            int count = peer.Poll(completions);
            for (int i = 0; i < count; i++)
            {
                free.Push(completions[i].Tag);
                failure ??= completions[i].Error;
            }

            if (count == 0 && !_machine.Scheduler.Step())
            {
                peer.Recover();
            }
        }

        return failure;
    }

    /// <summary>Where the file lies: from its bytes to ranges, without a page descriptor.</summary>
    private RangeList Extents()
    {
        using RangeListBuilder list = RangeListBuilder.Rent();
        Must(_store!.TryOpen(_name, out StoreFile? file), "open file");
        Errno errno = file!.TryMapExtents(0, file.Length, DirectAccess.Read, list, out string reason);
        return errno == Errno.None ? list.Build() : throw new PhysrException("find extents", _name, errno, reason);
    }

    private void CheckDrive(string name, BlockStatus status, ulong offset, ulong length) => Judge(
        name,
        status == BlockStatus.Ok ? null : $"the drive's write ended with {status}",
        length,
        (at, piece) => _host.Inspect(_spec.Drive, at, piece),
        offset);

    private delegate void Inspect(ulong offset, Span<byte> destination);

    /// <summary>Compares what arrived somewhere with what the file held.</summary>
    private void Judge(string name, string? failure, ulong length, Inspect inspect, ulong offset = 0)
    {
        byte[] arrived = new byte[length];
        if (failure is null)
        {
            inspect(offset, arrived);
            failure = Difference(arrived, offset);
        }

        string digest = failure is null ? Append(arrived) : "";
        _transfers.Add(new(name, failure is null ? length : 0, digest, failure is null, failure));
    }

    private string? Difference(ReadOnlySpan<byte> found, ulong offset)
    {
        int same = found.CommonPrefixLength(_content.AsSpan((int)offset, found.Length));
        return same == found.Length ? null : $"byte {offset + (ulong)same} is not the one that should be there";
    }

    private string Append(byte[] bytes)
    {
        byte[] digest = System.Security.Cryptography.SHA256.HashData(bytes);
        _digest.AppendData(digest);
        return Convert.ToHexStringLower(digest);
    }

    /// <summary>Reads the file as the CPU and compares it.</summary>
    private void Verify(string name, StoreFile file)
    {
        byte[] found = new byte[file.Length];
        Errno errno = file.TryRead(0, found, out int read);
        string? failure = errno != Errno.None ? $"reading ended with {errno} after {read} bytes" : Difference(found, 0);
        _transfers.Add(new(name, failure is null ? file.Length : 0, failure is null ? Append(found) : "", failure is null, failure));
    }

    private void Progress(ulong bytes)
    {
        _done += bytes;
        _observer?.Progress(_done, PayloadOf(_spec));
    }

    private void Must(Errno errno, string operation, string detail = "it should have been possible")
    {
        if (errno != Errno.None)
        {
            throw new PhysrException(operation, _route.Name, errno, detail);
        }
    }
}
