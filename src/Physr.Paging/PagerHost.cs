// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Linux.Processes;
using Physr.Linux.Sockets;
using Physr.Paging.Client;

namespace Physr.Paging;

/// <summary>A connection to the process that serves page faults: started by this program, or by another whose socket it knows.</summary>
/// <remarks>
/// That process is a line of pagers: one serves, the next waits with the same descriptors and goes on in its place when it dies. Nothing in this program takes part in that, so a program whose
/// threads all wait for pages, or for a garbage collection that waits for them, is served all the same. When all pagers die at once, one goes on that this program has put in reserve; only when that is dead as well does
/// this program start others, once a thread of it can run.
/// </remarks>
public sealed partial class PagerHost : IDisposable
{
    private static readonly Lock s_defaultLock = new();
    private static PagerHost? s_default;

    private readonly PagerOptions _options;
    private readonly DescriptorSocket? _listener;
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, PendingRequest> _pending = [];
    private readonly Dictionary<uint, DevicePrivateRegion> _regions = [];
    private readonly Dictionary<uint, DevicePrivateRegion> _rejoining = [];
    private DescriptorSocket _socket;
    private Pidfd? _process;
    private DescriptorSocket? _watch;
    private Thread? _reader;
    private uint _sequence;
    private uint _regionIds;
    private int _takeovers;
    private int _restarts;
    private volatile bool _isDisposed;

    private PagerHost(PagerOptions options, DescriptorSocket? listener, string path, PagerLine line)
        : this(options, listener, path, line.Socket) => (_process, _watch) = (line.Process, line.Watch);

    private PagerHost(PagerOptions options, DescriptorSocket? listener, string path, DescriptorSocket socket)
    {
        _options = options;
        _listener = listener;
        _socket = socket;
        SocketPath = path;
    }

    /// <summary>The pager of this program, started when it is first asked for.</summary>
    /// <exception cref="PhysrException">It cannot be started.</exception>
    public static PagerHost Default
    {
        get
        {
            lock (s_defaultLock)
            {
                return s_default is { _isDisposed: false } ? s_default : s_default = Start();
            }
        }
    }

    /// <summary>Where other programs of this user connect (<see cref="TryConnect"/>). The socket lies in a folder that only this user may enter.</summary>
    public string SocketPath { get; }

    /// <summary>The process that serves at this moment.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Which processors have a handler of their own, and what was done where the system did not allow that.</summary>
    public string Placement { get; private set; } = "";

    /// <summary>How often another process went on serving since this connection was made, a new line of pagers included.</summary>
    public int Restarts => Volatile.Read(ref _takeovers) + Volatile.Read(ref _restarts);

    /// <summary>Starts a pager.</summary>
    /// <param name="options">How; null: as usual.</param>
    /// <exception cref="PhysrException">It cannot be started; the message says what would help.</exception>
    public static PagerHost Start(PagerOptions? options = null)
    {
        Errno errno = TryStart(options, out PagerHost? host, out string reason);
        return errno == Errno.None ? host! : throw new PhysrException("start pager", options?.PagerPath ?? "Physr.Pager", errno, reason);
    }

    /// <summary>Starts a pager.</summary>
    /// <param name="options">How; null: as usual.</param>
    /// <param name="host">The connection to it; null on failure.</param>
    /// <param name="reason">What is wrong and what would be right; empty on success.</param>
    public static Errno TryStart(PagerOptions? options, out PagerHost? host, out string reason)
    {
        host = null;
        options ??= new();
        if (options.ResidentBudget % Control.ControlLayout.PageBytes != 0)
        {
            reason = $"the pager's budget is whole pages of 4096 bytes; it is {options.ResidentBudget}";
            return Errno.EINVAL;
        }

        Errno errno = PagerLaunch.TryListen(options, out DescriptorSocket? listener, out string path, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = PagerLaunch.TrySpawn(options, listener!.Handle, path, null, out PagerLine? line, out reason);
        if (errno == Errno.None)
        {
            PagerHost started = new(options, listener, path, line!);
            errno = started.TryGreet(out reason);
            if (errno == Errno.None)
            {
                started.Arm();
                host = started;
                return Errno.None;
            }

            started.Dispose();
            return errno;
        }

        listener.Dispose();
        PagerLaunch.Remove(path);
        return errno;
    }

    /// <summary>Connects to a pager that another program of this user started.</summary>
    /// <param name="path">Its <see cref="SocketPath"/>.</param>
    /// <param name="host">The connection; null on failure.</param>
    /// <param name="reason">What is wrong and what would be right; empty on success.</param>
    public static Errno TryConnect(string path, out PagerHost? host, out string reason)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        PagerOptions options = new();
        long start = Stopwatch.GetTimestamp();
        Errno errno;
        SpinWait wait = default;
        while ((errno = TryConnectOnce(options, path, out host, out reason)) == Errno.ECONNRESET && Stopwatch.GetElapsedTime(start) < options.StartTimeout)
        {
            // A pager that dies between taking a connection and telling its successor of it takes the connection with it: the successor takes the next.
            wait.SpinOnce();
        }

        return errno;
    }

    /// <summary>Lets go of the connection: of regions that are still there, changed pages are written back where the store outlives them, and a touch of them does not return. A pager that nobody is connected to any
    /// more ends.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            Disarm();
        }

        _socket.HangUp();
        if (_reader is { } reader && Thread.CurrentThread != reader)
        {
            reader.Join();
        }

        _socket.Dispose();
        if (_listener is not null)
        {
            _listener.Dispose();
            PagerLaunch.Remove(SocketPath);
        }

        _process?.Dispose();
        _watch?.Dispose();
    }

    internal uint NextRegionId() => Interlocked.Increment(ref _regionIds);

    private static Errno TryConnectOnce(PagerOptions options, string path, out PagerHost? host, out string reason)
    {
        host = null;
        Errno errno = DescriptorSocket.TryConnect(path, out DescriptorSocket? socket, out reason);
        if (errno != Errno.None)
        {
            return errno;
        }

        // The other way round as well: what serves this program's faults reads and writes its memory.
        uint own = OwnUser();
        if (socket!.TryGetPeer(out _, out uint user, out _) != Errno.None || user != own)
        {
            socket.Dispose();
            reason = $"{path}: it belongs to user {user}, and you are user {own}: a pager serves its own user alone";
            return Errno.EACCES;
        }

        PagerHost connected = new(options, null, path, socket);
        errno = connected.TryGreet(out reason);
        if (errno != Errno.None)
        {
            connected.Dispose();
            return errno;
        }

        host = connected;
        return Errno.None;
    }

    private static uint OwnUser()
    {
        uint user = uint.MaxValue;
        if (DescriptorSocket.TryPair(out DescriptorSocket? left, out DescriptorSocket? right) == Errno.None)
        {
            _ = left!.TryGetPeer(out _, out user, out _);
            left.Dispose();
            right!.Dispose();
        }

        return user;
    }
}
