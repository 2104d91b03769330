// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Microsoft.Win32.SafeHandles;
using Physr.Linux.Sockets;
using Physr.Paging.Client;
using Physr.Paging.Protocol;

namespace Physr.Paging;

/// <content>Requests and their answers.</content>
public sealed partial class PagerHost
{
    private const string Gone = "the pager is gone and no other could be started";
    private const int MostSilentLines = 8;

    private int _silentLines;
    private bool _isFailed;

    /// <summary>Asks the pager something and waits for the answer, whichever process gives it.</summary>
    /// <param name="build">Writes the message behind its sequence number.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="descriptors">What goes with it.</param>
    /// <param name="value">The answer's value.</param>
    /// <param name="reason">The answer's reason.</param>
    internal Errno Ask(MessageKind kind, MessageBody build, SafeFileHandle[] descriptors, out ulong value, out string reason)
    {
        uint sequence;
        PendingRequest request;
        lock (_lock)
        {
            value = 0;
            if (_isDisposed || _isFailed)
            {
                reason = _isDisposed ? "the connection to the pager was disposed of" : Gone;
                return Errno.ECONNRESET;
            }

            sequence = ++_sequence;
            byte[] buffer = new byte[MessageWriter.MostBytes];
            MessageWriter writer = new(buffer, kind);
            writer.Write(sequence);
            build(ref writer);
            request = new(writer.Message.ToArray(), descriptors);
            _pending.Add(sequence, request);
            _ = _socket.TrySend(request.Message, request.Descriptors, wait: true);
        }

        using (request)
        {
            request.Wait(Timeout.InfiniteTimeSpan);
            (value, reason) = (request.Value, request.Reason);
            return request.Errno;
        }
    }

    /// <summary>Waits for the pager's first word, and then has a thread listen.</summary>
    private Errno TryGreet(out string reason)
    {
        long start = Stopwatch.GetTimestamp();
        byte[] buffer = new byte[MessageWriter.MostBytes];
        SafeFileHandle?[] none = new SafeFileHandle?[1];
        using (Timer timer = new(_ => _socket.HangUp(), null, _options.StartTimeout, Timeout.InfiniteTimeSpan))
        {
            Errno errno = _socket.TryReceive(buffer, none, wait: true, out int length, out _);
            while (errno == Errno.EINTR)
            {
                errno = _socket.TryReceive(buffer, none, wait: true, out length, out _);
            }

            if (errno != Errno.None || length == 0)
            {
                reason = Stopwatch.GetElapsedTime(start) >= _options.StartTimeout ? $"the pager said nothing for {_options.StartTimeout.TotalSeconds} s" : WhyNoWord();
                return Errno.ECONNRESET;
            }

            MessageReader reader = new(buffer.AsSpan(0, length));
            MessageKind kind = (MessageKind)reader.ReadByte();
            if (kind == MessageKind.Reply)
            {
                (_, errno, _, reason) = (reader.ReadUInt32(), (Errno)reader.ReadUInt32(), reader.ReadUInt64(), reader.ReadText());
                return errno;
            }

            uint version = reader.ReadUInt32();
            if (kind != MessageKind.Hello || version != RegionSpec.Version)
            {
                reason = $"the pager speaks version {version}, this library {RegionSpec.Version}: use the library and the pager of one build";
                return Errno.EINVAL;
            }

            Greeted(ref reader);
        }

        reason = "";
        _reader = new(Listen, 256 * 1024) { Name = "pager connection", IsBackground = true };
        _reader.Start();
        return Errno.None;
    }

    private string WhyNoWord()
    {
        const string Elsewhere = "what it said is on standard error";
        int status = 0;
        return _process is null ? "the pager hung up before its first word"
            : _process.TryReap(out status) == Errno.None ? $"the pager did not start: it ended at once with status {status}; {Elsewhere}"
            : $"the pager did not start: it ended at once; {Elsewhere}";
    }

    private void Listen()
    {
        byte[] buffer = new byte[MessageWriter.MostBytes];
        SafeFileHandle?[] none = new SafeFileHandle?[1];
        while (!_isDisposed)
        {
            Errno errno = _socket.TryReceive(buffer, none, wait: true, out int length, out int count);
            for (int index = 0; index < count; index++)
            {
                none[index]!.Dispose();
            }

            if (errno is Errno.EINTR or Errno.EMSGSIZE)
            {
                continue;
            }

            if (errno == Errno.None && length > 0)
            {
                Heard(buffer.AsSpan(0, length));
            }
            else if (_isDisposed || !TryRevive())
            {
                Fail();
                return;
            }
        }

        Fail();
    }

    private void Heard(ReadOnlySpan<byte> message)
    {
        MessageReader reader = new(message);
        MessageKind kind = (MessageKind)reader.ReadByte();
        if (kind == MessageKind.Hello)
        {
            _ = reader.ReadUInt32();
            Interlocked.Increment(ref _takeovers);
            Greeted(ref reader);
            Repeat();
        }
        else if (kind == MessageKind.Reply)
        {
            uint sequence = reader.ReadUInt32();
            Errno errno = (Errno)reader.ReadUInt32();
            ulong value = reader.ReadUInt64();
            lock (_lock)
            {
                if (_pending.Remove(sequence, out PendingRequest? request))
                {
                    request.Answer(errno, value, reader.ReadText());
                }
                else if (_rejoining.Remove(sequence, out DevicePrivateRegion? region) && errno != Errno.None)
                {
                    region.Abandon($"no pager can serve it: {reader.ReadText()}");
                }
            }
        }
        else if (kind == MessageKind.Lost)
        {
            uint id = reader.ReadUInt32();
            _ = reader.ReadUInt32();
            lock (_lock)
            {
                if (_regions.TryGetValue(id, out DevicePrivateRegion? region))
                {
                    region.Abandon($"the pager that took over cannot serve it: {reader.ReadText()}");
                }
            }
        }
    }

    private void Greeted(ref MessageReader reader)
    {
        _silentLines = 0;
        ProcessId = (int)reader.ReadUInt32();
        Placement = reader.ReadText();
        _ = _process?.TryReap(out _);
    }

    /// <summary>Asks again what was not answered: the pager that heard it is dead. Every request may be done twice.</summary>
    private void Repeat()
    {
        lock (_lock)
        {
            foreach (PendingRequest request in _pending.Values)
            {
                _ = _socket.TrySend(request.Message, request.Descriptors, wait: true);
            }
        }
    }

    /// <summary>All pagers are dead: another is started, or waited for where another program starts it, and told of the regions.</summary>
    private bool TryRevive()
    {
        if (++_silentLines > MostSilentLines)
        {
            // They start and end without a word: another would as well.
            return false;
        }

        long start = Stopwatch.GetTimestamp();
        for (SpinWait wait = default; !_isDisposed && Stopwatch.GetElapsedTime(start) < _options.StartTimeout; wait.SpinOnce())
        {
            if (_listener is not null)
            {
                if (TryTakeLine())
                {
                    Arm();
                    return true;
                }

                continue;
            }

            if (DescriptorSocket.TryConnect(SocketPath, out DescriptorSocket? socket, out _) != Errno.None)
            {
                continue;
            }

            lock (_lock)
            {
                Rejoin(socket!, null);
            }

            return true;
        }

        return false;
    }

    /// <summary>Nobody serves any more: who waits is told, and who asks from now on.</summary>
    private void Fail()
    {
        lock (_lock)
        {
            _isFailed = true;
            Disarm();
            foreach (PendingRequest request in _pending.Values)
            {
                request.Answer(Errno.ECONNRESET, 0, Gone);
            }

            _pending.Clear();
            foreach (DevicePrivateRegion region in _regions.Values)
            {
                region.Abandon(Gone);
            }
        }
    }
}
