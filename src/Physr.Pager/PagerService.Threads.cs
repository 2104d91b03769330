// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Processes;
using Physr.Linux.Sockets;
using Physr.Linux.Waiting;

namespace Physr.Pager;

/// <content>The threads that serve, and which of them serves what.</content>
internal sealed partial class PagerService
{
    /// <summary>Whether threads and descriptors are there.</summary>
    public bool IsPrepared => _handlers.Length != 0;

    /// <summary>Makes the threads and descriptors that need no region, unless they are there. Whoever waits to take over does so before it has to.</summary>
    public Errno TryPrepare(out string reason)
    {
        reason = "";
        return IsPrepared ? Errno.None : TryMakeThreads(out reason);
    }

    /// <summary>Calls the handler of a processor on which a thread touches a region.</summary>
    /// <returns>Whether there is one.</returns>
    public bool TryCallHandlerOn(int processor, ServedRegion region)
    {
        foreach (FaultHandler handler in _handlers)
        {
            if (handler.Processor == processor)
            {
                region.Call(handler);
                return true;
            }
        }

        return false;
    }

    private Errno TryMakeThreads(out string reason)
    {
        Errno errno = EventPoll.TryCreate(out EventPoll? poll);
        EventCounter? bell = null;
        Mover? mover = null;
        errno = errno == Errno.None ? EventCounter.TryCreate(out bell) : errno;
        errno = errno == Errno.None ? poll!.Add(bell!.Handle, PostedToken) : errno;
        reason = errno == Errno.None ? "" : $"no epoll ({errno})";
        errno = errno == Errno.None ? Mover.TryCreate(this, isWriter: false, "mover", out mover, out reason) : errno;
        int[] processors = CpuAffinity.Allowed();
        List<FaultHandler> handlers = [];
        while (errno == Errno.None && handlers.Count < Math.Max(processors.Length, 1))
        {
            errno = FaultHandler.TryCreate(this, handlers.Count, processors.Length == 0 ? 0 : processors[handlers.Count], out FaultHandler? handler, out reason);
            if (handler is not null)
            {
                handlers.Add(handler);
            }
        }

        if (errno != Errno.None)
        {
            handlers.ForEach(static handler => handler.Dispose());
            mover?.Dispose();
            bell?.Dispose();
            poll?.Dispose();
            return errno;
        }

        FindOwnUser();
        (_poll, _postedBell, _mover, _handlers) = (poll, bell, mover, [.. handlers]);
        foreach (FaultHandler handler in _handlers)
        {
            handler.Start();
        }

        return Errno.None;
    }

    private void FindOwnUser()
    {
        if (DescriptorSocket.TryPair(out DescriptorSocket? left, out DescriptorSocket? right) == Errno.None)
        {
            _ = left!.TryGetPeer(out _, out _ownUser, out _);
            left.Dispose();
            right!.Dispose();
        }
    }
}
