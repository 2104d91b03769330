// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Sockets;
using Physr.Paging.Client;
using Physr.Paging.Engine;
using Physr.Paging.Protocol;

namespace Physr.Pager;

/// <content>What clients say. Whatever one of them sends, the others do not notice.</content>
internal sealed partial class PagerService
{
    private readonly byte[] _message = new byte[MessageWriter.MostBytes];
    private readonly HashSet<ClientRecord> _leaving = [];
    private readonly SafeFileHandle?[] _descriptors = new SafeFileHandle?[PagerState.MostDescriptors];

    private void Hear(uint id)
    {
        if (!_state.Clients.TryGetValue(id, out ClientRecord? client) || _leaving.Contains(client))
        {
            return;
        }

        Errno errno = client.Socket.TryReceive(_message, _descriptors, wait: false, out int length, out int count);
        if (errno is Errno.EAGAIN or Errno.EINTR)
        {
            return;
        }

        if (errno == Errno.EMSGSIZE)
        {
            Answer(client.Socket, 0, errno, 0, $"a message has at most {MessageWriter.MostBytes} bytes and {PagerState.MostDescriptors} descriptors");
            return;
        }

        if (errno != Errno.None || length == 0)
        {
            Leave(client);
            return;
        }

        SafeFileHandle[] descriptors = [.. _descriptors.AsSpan(0, count)!];
        if (!Obey(client, _message.AsSpan(0, length), descriptors))
        {
            foreach (SafeFileHandle descriptor in descriptors)
            {
                descriptor.Dispose();
            }
        }
    }

    /// <summary>Does what a message says.</summary>
    /// <returns>Whether its descriptors found an owner.</returns>
    private bool Obey(ClientRecord client, ReadOnlySpan<byte> message, SafeFileHandle[] descriptors)
    {
        MessageReader reader = new(message);
        MessageKind kind = (MessageKind)reader.ReadByte();
        uint sequence = kind == MessageKind.Hello ? 0 : reader.ReadUInt32();
        if (kind == MessageKind.Register && !reader.IsShort)
        {
            Register(client, sequence, reader.Rest, descriptors);
            return true;
        }

        uint id = kind == MessageKind.Hello ? 0 : reader.ReadUInt32();
        ulong first = kind is MessageKind.Persist or MessageKind.Evict or MessageKind.SetBudget ? reader.ReadUInt64() : 0;
        ulong count = kind is MessageKind.Persist or MessageKind.Evict ? reader.ReadUInt64() : 0;
        if (kind == MessageKind.Hello)
        {
            Greet(client);
        }
        else if (reader.IsShort || kind is not (MessageKind.Unregister or MessageKind.Persist or MessageKind.Evict or MessageKind.SetBudget))
        {
            Answer(client.Socket, sequence, Errno.EINVAL, 0, reader.IsShort ? $"a message of kind {(byte)kind} ends too soon" : $"kind {(byte)kind} is none that a client sends");
        }
        else if (!_served.TryGetValue((client.Id, id), out ServedRegion? region))
        {
            Answer(client.Socket, sequence, kind == MessageKind.Unregister ? Errno.None : Errno.ENOENT, 0, $"you have no region {id}");
        }
        else
        {
            Obey(client, region, kind, sequence, first, count);
        }

        return false;
    }

    private void Obey(ClientRecord client, ServedRegion region, MessageKind kind, uint sequence, ulong first, ulong count)
    {
        if (kind is MessageKind.Persist or MessageKind.Evict && (first > region.Engine.Pages || count > region.Engine.Pages - first))
        {
            Answer(client.Socket, sequence, Errno.EINVAL, 0, $"pages {first} to {first + count} are not within the region's {region.Engine.Pages}");
            return;
        }

        switch (kind)
        {
            case MessageKind.Persist:
                PersistRequest request = new(first, count);
                Work(region, client, sequence, lane => region.Engine.Persist(request, lane), () => Answer(client.Socket, sequence, request.Errno, 0, request.Reason));
                break;
            case MessageKind.Evict:
                long left = 0;
                Work(region, client, sequence, lane => (left = region.Engine.EvictRange(first, count, lane)) >= 0, () => Answer(client.Socket, sequence, Errno.None, (ulong)left, ""));
                break;
            case MessageKind.SetBudget when first is 0 or > Paging.Control.ControlLayout.MostPages:
                Answer(client.Socket, sequence, Errno.EINVAL, 0, $"the budget is at least one page and at most {Paging.Control.ControlLayout.MostPages}; it says {first}");
                break;
            case MessageKind.SetBudget:
                region.Engine.SetBudget((long)first);
                Answer(client.Socket, sequence, Errno.None, 0, "");
                break;
            default:
                Close(region, () => Answer(client.Socket, sequence, Errno.None, 0, ""));
                break;
        }
    }

    /// <summary>Has a region's mover do something, and the client told when it is done; or that the region has gone meanwhile.</summary>
    private static void Work(ServedRegion region, ClientRecord client, uint sequence, Func<FaultLane, bool> work, Action done) => region.Mover.Post(lane =>
    {
        if (!region.Engine.TryEnter())
        {
            Answer(client.Socket, sequence, Errno.ENOENT, 0, $"region {region.Record.Id} was let go of meanwhile");
            return true;
        }

        bool isDone = work(lane);
        region.Engine.Leave();
        if (isDone)
        {
            done();
        }

        return isDone;
    });

    private void Register(ClientRecord client, uint sequence, ReadOnlySpan<byte> description, SafeFileHandle[] descriptors)
    {
        MessageReader reader = new(description);
        Errno errno = RegionSpec.TryRead(ref reader, out RegionSpec? spec, out string reason);
        RegionRecord record = new(client.Id, spec?.Id ?? 0, description.ToArray(), descriptors);
        if (spec is null || client.Regions.ContainsKey(spec.Id))
        {
            // The same again: the pager that had heard it died before it answered.
            record.Dispose();
            Answer(client.Socket, sequence, errno, 0, reason);
            return;
        }

        errno = TryServe(record, out reason);
        if (errno == Errno.None)
        {
            client.Regions.Add(record.Id, record);
            if (_successor is not null)
            {
                Told(PagerState.TellRegion(_successor, record));
            }
        }

        Answer(client.Socket, sequence, errno, 0, reason);
    }

    /// <summary>A client hung up: its regions' changed pages go home where there is one, and everything of it is let go of.</summary>
    private void Leave(ClientRecord client)
    {
        _ = _poll!.Remove(client.Socket.Handle);
        _leaving.Add(client);
        int open = 1;
        void Closed()
        {
            if (--open != 0)
            {
                return;
            }

            _state.Clients.Remove(client.Id);
            _leaving.Remove(client);
            if (_successor is not null)
            {
                Told(PagerState.TellGone(_successor, client.Id, null));
            }

            client.Dispose();
            if (_state.Clients.Count == 0)
            {
                Finish();
            }
        }

        foreach (RegionRecord record in client.Regions.Values.ToArray())
        {
            if (_served.TryGetValue((client.Id, record.Id), out ServedRegion? region))
            {
                open++;
                Close(region, Closed);
            }
        }

        Closed();
    }

    private void Finish()
    {
        _isDone = true;
        if (_successor is not null)
        {
            _ = _successor.TrySend(new MessageWriter(stackalloc byte[8], MessageKind.Quit).Message, [], wait: true);
        }

        // Who waits behind all pagers of this line hears that they are done, and not dead.
        _ = _state.Watch?.TrySend("\n"u8, [], wait: false);
        if (_state.ListenerPath.Length != 0)
        {
            PagerLaunch.Remove(_state.ListenerPath);
        }
    }

    private static void Answer(DescriptorSocket socket, uint sequence, Errno errno, ulong value, string reason)
    {
        MessageWriter writer = new(stackalloc byte[1024], MessageKind.Reply);
        writer.Write(sequence);
        writer.Write((uint)errno);
        writer.Write(value);
        writer.Write(reason);
        try
        {
            _ = socket.TrySend(writer.Message, [], wait: false);
        }
        catch (ObjectDisposedException)
        {
            // The client left before its answer.
            Debug.Assert(sequence != 0, "Only a request's answer comes that late.");
        }
    }
}
