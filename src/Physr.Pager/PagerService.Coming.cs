// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Sockets;
using Physr.Paging.Protocol;

namespace Physr.Pager;

/// <content>Clients that come, and those that were there under the pager before this one.</content>
internal sealed partial class PagerService
{
    private const int MostAtOnce = 16;

    /// <summary>Somebody connects.</summary>
    private void Accept()
    {
        if (TryAdmit(out ClientRecord? client) && client is not null)
        {
            _ = _poll!.Add(client.Socket.Handle, FirstClientToken + client.Id);
            Greet(client);
        }
    }

    /// <summary>Before anything is served, and this pager becomes the one that dies: whoever connects while pagers die one after the other gets in with each of them, not with the first that lives long enough.</summary>
    private void AdmitWaiting()
    {
        for (int count = 0; _state.Listener is not null && count < MostAtOnce && TryAdmit(out _); count++)
        {
            // Those behind them come with the next events.
        }
    }

    /// <summary>Takes the next that connects, and tells the successor. Another user is turned away: what a pager reads and writes is its own user's.</summary>
    /// <returns>Whether there was one.</returns>
    private bool TryAdmit(out ClientRecord? client)
    {
        client = null;
        using DescriptorSocket listener = DescriptorSocket.Adopt(new(_state.Listener!.DangerousGetHandle(), ownsHandle: false));
        if (listener.TryAccept(out DescriptorSocket? socket, wait: false) != Errno.None)
        {
            return false;
        }

        if (socket!.TryGetPeer(out _, out uint user, out _) != Errno.None || user != _ownUser)
        {
            Answer(socket, 0, Errno.EACCES, 0, $"this pager belongs to user {_ownUser}; you are user {user}");
            socket.Dispose();
            return true;
        }

        uint id = 1;
        while (_state.Clients.ContainsKey(id))
        {
            id++;
        }

        client = new(id, socket);
        _state.Clients.Add(id, client);
        if (_successor is not null)
        {
            Told(PagerState.TellClient(_successor, client));
        }

        return true;
    }

    /// <summary>Goes on with a client of the pager before this one.</summary>
    private void Resume(ClientRecord client)
    {
        List<(uint Id, Errno Errno, string Reason)> lost = [];
        foreach (RegionRecord record in client.Regions.Values.ToArray())
        {
            Errno errno = TryServe(record, out string reason);
            if (errno != Errno.None)
            {
                lost.Add((record.Id, errno, reason));
                _ = client.Regions.Remove(record.Id);
                if (_successor is not null)
                {
                    Told(PagerState.TellGone(_successor, client.Id, record.Id));
                }
            }
        }

        _ = _poll!.Add(client.Socket.Handle, FirstClientToken + client.Id);
        Greet(client);
        foreach ((uint id, Errno errno, string reason) in lost)
        {
            Console.Error.WriteLine($"physr-pager: region {id} of client {client.Id} cannot be taken over: {reason}");
            MessageWriter writer = new(new byte[1024], MessageKind.Lost);
            writer.Write(id);
            writer.Write((uint)errno);
            writer.Write(reason);
            _ = client.Socket.TrySend(writer.Message, [], wait: false);
        }
    }

    /// <summary>Tells a client that there is a pager, perhaps a new one that has not heard what it said last.</summary>
    private void Greet(ClientRecord client)
    {
        MessageWriter writer = new(stackalloc byte[256], MessageKind.Hello);
        writer.Write(RegionSpec.Version);
        writer.Write((uint)Environment.ProcessId);
        writer.Write(Placement());
        _ = client.Socket.TrySend(writer.Message, [], wait: false);
    }

    private string Placement()
    {
        string processors = string.Join(',', _handlers.Select(static handler => handler.Processor));
        return _handlers.All(static handler => handler.IsPinned) ? $"one handler on each of processors {processors}"
            : $"handlers for processors {processors}, of which the system did not let all stay there: faults may cost a switch to another processor";
    }
}
