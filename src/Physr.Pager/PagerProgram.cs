// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Sockets;
using Physr.Linux.Waiting;
using Physr.Paging.Engine;

namespace Physr.Pager;

/// <summary>The fault-service process: waits to take over from another, then serves.</summary>
internal static class PagerProgram
{
    /// <summary>The descriptor over which a pager is told everything: the library, or the pager before it, started it with that.</summary>
    public const int BootDescriptor = 3;

    private const int QuietMilliseconds = 200;

    /// <summary>Runs until the last client is gone, or the pager before this one has no more need of it.</summary>
    /// <param name="args"><c>serve</c>; <c>rescue</c>, where a whole line of pagers may have died together with the program that they served: then there is nobody to go on for.</param>
    /// <param name="steps">Who is told of the steps; null outside tests.</param>
    /// <returns>0 when done, 2 when started by hand.</returns>
    public static int Run(string[] args, IPagerSteps? steps)
    {
        if (args is not (["serve"] or ["rescue"]))
        {
            Console.Error.WriteLine("physr-pager: the process that serves page faults of device-private regions. Programs start it through Physr.Paging (PagerHost.TryStart); it is of no use by hand.");
            return 2;
        }

        using DescriptorSocket boot = DescriptorSocket.Adopt(new((nint)BootDescriptor, ownsHandle: true));
        using PagerState state = new();
        using PagerService service = new(state, steps);
        WarmUp? warmUp = null;
        bool Prepare()
        {
            if (warmUp is not null)
            {
                return warmUp.Next();
            }

            // What cannot be had now is asked for again when it is needed. The rest has time: where pagers die faster than that, it would only take processors from those that serve.
            _ = service.TryPrepare(out _);
            _ = Readiness.Wait(boot.Handle, QuietMilliseconds);
            warmUp = new();
            return true;
        }

        switch (state.Follow(boot, Prepare))
        {
            case FollowEnd.Quit:
                return 0;
            case FollowEnd.Garbage:
                Console.Error.WriteLine("physr-pager: what came over descriptor 3 is not what a pager is told; the library and the pager are not of one build.");
                return 2;
            default:
                return args[0] == "rescue" && state.Clients.Values.All(static client => Readiness.HasHungUp(client.Socket.Handle)) ? 0 : service.Run();
        }
    }
}
