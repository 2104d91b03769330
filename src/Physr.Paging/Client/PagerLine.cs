// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Processes;
using Physr.Linux.Sockets;

namespace Physr.Paging.Client;

/// <summary>This process's side of a line of pagers that it started, at work or waiting for its turn.</summary>
/// <param name="Socket">Its connection.</param>
/// <param name="Process">The first pager; null where it ended at once.</param>
/// <param name="Queue">The other end of the connection, while nobody reads there yet: what waits in it can be taken back. Null where the line is at work, whose end nobody would notice otherwise.</param>
/// <param name="Watch">The end of a socket whose other end all pagers of the line have: it has ended when they are all gone.</param>
internal sealed record PagerLine(DescriptorSocket Socket, Pidfd? Process, DescriptorSocket? Queue, DescriptorSocket Watch) : IDisposable
{
    private const int Sigkill = 9;
    private const int LongestEndMs = 1000;

    /// <summary>Kills the first pager, before it has a successor, and waits for its end.</summary>
    public void Kill()
    {
        _ = Process?.Signal(Sigkill);
        _ = Process?.Wait(LongestEndMs);
        _ = Process?.TryReap(out _);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Socket.Dispose();
        Process?.Dispose();
        Queue?.Dispose();
        Watch.Dispose();
    }
}
