// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Processes;
using Physr.Linux.Sockets;
using Physr.Paging.Client;

namespace Physr.Paging;

/// <content>The regions, and who is told of them before it is needed: a process that sleeps until all pagers are dead, with everything that it will have to know in the queues of its sockets. Where a garbage collection
/// waits for a thread that waits for a page, nothing in this program could start one.</content>
public sealed partial class PagerHost
{
    private readonly Dictionary<uint, DevicePrivateRegion> _reserved = [];
    private PagerLine? _reserve;

    /// <summary>The process in reserve, for tests. Null: there is none, as where another program starts the pagers, or without a shell.</summary>
    internal Pidfd? ReserveProcess
    {
        get
        {
            lock (_lock)
            {
                return _reserve?.Process;
            }
        }
    }

    /// <summary>Regions that it will know, for tests.</summary>
    internal int ReservedRegions
    {
        get
        {
            lock (_lock)
            {
                return _reserved.Count;
            }
        }
    }

    internal void Add(DevicePrivateRegion region)
    {
        lock (_lock)
        {
            _regions.Add(region.Id, region);
            TellReserve(region);
        }
    }

    internal void Remove(DevicePrivateRegion region)
    {
        lock (_lock)
        {
            if (_regions.Remove(region.Id) && _reserve is not null)
            {
                TakeBack(_reserve.Queue!);
                TellAll();
            }
        }
    }

    /// <summary>Puts a line of pagers in reserve, in the place of the one that there is.</summary>
    private void Arm()
    {
        lock (_lock)
        {
            Disarm();
            if (_isDisposed || _isFailed || _watch is null || PagerLaunch.TrySpawn(_options, _listener!.Handle, SocketPath, _watch, out _reserve, out _) != Errno.None)
            {
                return;
            }

            TellAll();
        }
    }

    /// <summary>What lies in the queue keeps the memory of regions, of which one has gone. Should the reserve read there by now, it has what is missing here, and hears of the end of that region from this program.</summary>
    private void TakeBack(DescriptorSocket queue)
    {
        byte[] buffer = new byte[Protocol.MessageWriter.MostBytes];
        SafeFileHandle?[] descriptors = new SafeFileHandle?[DescriptorSocket.MaximumDescriptors];
        while (queue.TryReceive(buffer, descriptors, wait: false, out int length, out int count) == Errno.None && length != 0)
        {
            foreach (SafeFileHandle? descriptor in descriptors.AsSpan(0, count))
            {
                descriptor!.Dispose();
            }
        }

        _reserved.Clear();
    }

    private void TellAll()
    {
        foreach (DevicePrivateRegion region in _regions.Values)
        {
            TellReserve(region);
        }
    }

    private void Disarm()
    {
        _reserved.Clear();
        _reserve?.Kill();
        _reserve?.Dispose();
        _reserve = null;
    }

    /// <summary>A queue takes some hundred regions; more are told when the line is at work.</summary>
    private void TellReserve(DevicePrivateRegion region)
    {
        if (_reserve is not null && _reserve.Socket.TrySend(region.RegisterMessage(++_sequence), region.Descriptors, wait: false) == Errno.None)
        {
            _reserved.Add(_sequence, region);
        }
    }

    /// <summary>Goes on with a line of pagers: the one in reserve, which has begun by itself or does so now, or another.</summary>
    private bool TryTakeLine()
    {
        lock (_lock)
        {
            PagerLine? line = _reserve;
            _reserve = null;
            if (line is null && PagerLaunch.TrySpawn(_options, _listener!.Handle, SocketPath, null, out line, out _) != Errno.None)
            {
                return false;
            }

            _watch?.HangUp();
            _watch?.Dispose();
            _watch = line!.Watch;
            line.Queue?.Dispose();
            Rejoin(line.Socket, line.Process);
            return true;
        }
    }

    /// <summary>Goes on over another connection, and tells whoever is there of the regions that it does not know.</summary>
    private void Rejoin(DescriptorSocket socket, Pidfd? process)
    {
        _ = _process?.TryReap(out _);
        _process?.Dispose();
        _socket.Dispose();
        (_socket, _process) = (socket, process);
        Interlocked.Increment(ref _restarts);
        Interlocked.Decrement(ref _takeovers); // its greeting counts as one
        foreach ((uint sequence, DevicePrivateRegion region) in _reserved)
        {
            _rejoining[sequence] = region;
        }

        foreach (DevicePrivateRegion region in _regions.Values.Except(_reserved.Values))
        {
            _rejoining[++_sequence] = region;
            _ = _socket.TrySend(region.RegisterMessage(_sequence), region.Descriptors, wait: true);
        }

        _reserved.Clear();
    }
}
