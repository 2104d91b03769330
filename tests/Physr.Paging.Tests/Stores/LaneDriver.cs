// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Waiting;
using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>What a thread of the pager does with a lane: waits for it with epoll, and collects.</summary>
internal sealed class LaneDriver : IDisposable
{
    private readonly EventPoll _poll;
    private readonly StoreCompletion[] _completions;

    public LaneDriver(PageStore store, int depth)
    {
        _ = store.TryCreateLane(depth, out IStoreLane? lane, out string reason);
        Assert.Equal("", reason);
        Lane = lane!;
        _completions = new StoreCompletion[depth];
        Assert.Equal(Errno.None, EventPoll.TryCreate(out EventPoll? poll));
        _poll = poll!;
        Assert.Equal(Errno.None, _poll.Add(Lane.Handle, 0));
    }

    public IStoreLane Lane { get; }

    /// <summary>Submits, and waits for so many ends.</summary>
    public Dictionary<ulong, Errno> Await(int count)
    {
        Assert.Equal(Errno.None, Lane.Submit());
        Dictionary<ulong, Errno> ends = [];
        PollEvent[] events = new PollEvent[1];
        for (int waits = 0; ends.Count < count && waits < 2000; waits++)
        {
            Assert.True(_poll.Wait(events, 10_000) >= 0);
            foreach (StoreCompletion end in _completions.AsSpan(0, Lane.Reap(_completions)))
            {
                ends.Add(end.Token, end.Errno);
            }
        }

        Assert.Equal(count, ends.Count);
        return ends;
    }

    public void Dispose()
    {
        Lane.Dispose();
        _poll.Dispose();
    }
}
