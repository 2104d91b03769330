// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Linux.Processes;
using Physr.Linux.Sockets;

namespace Physr.Pager;

/// <content>Keeping another pager ready. It has every descriptor already, in its socket's queue at the least, when this one dies.</content>
internal sealed partial class PagerService
{
    private const int MostQuickEnds = 8;

    private static readonly TimeSpan s_quick = TimeSpan.FromSeconds(2);

    private DescriptorSocket? _successor;
    private Pidfd? _successorProcess;
    private long _successorStarted;
    private int _quickEnds;

    /// <summary>Starts a successor and tells it everything.</summary>
    private void StartSuccessor()
    {
        if (DescriptorSocket.TryPair(out DescriptorSocket? own, out DescriptorSocket? theirs) != Errno.None)
        {
            Console.Error.WriteLine("physr-pager: no socket for a successor; there is none until one of the clients leaves");
            return;
        }

        using (theirs)
        {
            Errno errno = ChildProcess.TrySpawn(Environment.ProcessPath!, Arguments(), [theirs!.Handle], [], out int process, out string reason);
            if (errno != Errno.None)
            {
                Console.Error.WriteLine($"physr-pager: no successor could be started: {reason}");
                own!.Dispose();
                return;
            }

            _ = Pidfd.TryOpen(process, out _successorProcess);
        }

        _successor = own;
        _successorStarted = Stopwatch.GetTimestamp();
        Told(_state.Tell(own!));
        _ = _poll!.Add(own!.Handle, SuccessorToken);
    }

    /// <summary>The successor is gone: another takes its place, unless they end as soon as they begin.</summary>
    private void ReplaceSuccessor()
    {
        if (_successor is null)
        {
            return;
        }

        _ = _poll!.Remove(_successor.Handle);
        _successor.Dispose();
        _successor = null;
        _ = _successorProcess?.TryReap(out _);
        _successorProcess?.Dispose();
        _successorProcess = null;
        _quickEnds = Stopwatch.GetElapsedTime(_successorStarted) < s_quick ? _quickEnds + 1 : 0;
        if (_quickEnds < MostQuickEnds)
        {
            StartSuccessor();
        }
        else
        {
            Console.Error.WriteLine("physr-pager: successors end as soon as they begin; going on without one");
        }
    }

    /// <summary>A successor that cannot be told is of no use: its end of the socket is gone, and the poll will say so.</summary>
    private static void Told(Errno errno)
    {
        if (errno is not (Errno.None or Errno.EPIPE or Errno.ECONNRESET))
        {
            Console.Error.WriteLine($"physr-pager: the successor could not be told ({errno})");
        }
    }

    private static string[] Arguments()
    {
        // Through the host that runs this, if it is not the program's own.
        string program = Environment.GetCommandLineArgs()[0];
        return string.Equals(Path.GetFileNameWithoutExtension(Environment.ProcessPath), "dotnet", StringComparison.Ordinal) ? [program, "serve"] : ["serve"];
    }
}
