// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>A worker that hangs keeps the memory of its call to itself.</summary>
public sealed class StoreWorkersTests
{
    private const int Page = PageBuffer.Page;

    [Fact]
    public void MemoryOfACallThatHangsIsGivenToNoOther()
    {
        using HangingCalls calls = new();
        using StoreWorkers workers = new(calls, "store", 300);
        Assert.Equal(Errno.None, workers.TryCreateLane(1, 1, out IStoreLane? lane, out _));
        using PageBuffer buffer = new(1);
        Assert.Equal(Errno.ETIMEDOUT, Call(lane!, Page, buffer));
        Assert.Equal(1, workers.Hanging);

        // The limit is for both; this one is answered at once.
        Assert.Equal(Errno.None, Call(lane!, 0, buffer));
        Assert.DoesNotContain(calls.Memory[0], calls.Memory.Skip(1));
        calls.LetGo();
        Assert.True(SpinWait.SpinUntil(() => workers.Hanging == 0, TimeSpan.FromSeconds(20)));
        Assert.Equal(Errno.None, Call(lane!, 0, buffer));
        lane!.Dispose();
    }

    private static Errno Call(IStoreLane lane, ulong offset, PageBuffer buffer)
    {
        StoreCompletion[] ends = new StoreCompletion[1];
        for (int tries = 0; ; tries++)
        {
            Assert.Equal(Errno.None, lane.TryRead(1, offset, buffer.Address, Page));
            Assert.Equal(Errno.None, lane.Submit());
            Assert.True(SpinWait.SpinUntil(() => lane.Reap(ends) == 1, TimeSpan.FromSeconds(20)));

            // On a machine that is busy a call that does not hang may be late too.
            if (offset != 0 || ends[0].Errno != Errno.ETIMEDOUT || tries == 10)
            {
                return ends[0].Errno;
            }
        }
    }

    private sealed class HangingCalls : IStoreCalls, IDisposable
    {
        private readonly ManualResetEventSlim _gate = new(false);

        public List<nint> Memory { get; } = [];

        public void LetGo() => _gate.Set();

        public Errno Call(StoreCall call, ulong offset, nint memory, nuint length, out string reason)
        {
            lock (Memory)
            {
                Memory.Add(memory);
            }

            if (offset != 0)
            {
                _gate.Wait();
            }

            reason = "";
            return Errno.None;
        }

        public void Failed(Errno errno, string reason)
        {
            // Nobody asks.
        }

        public void Dispose() => _gate.Dispose();
    }
}
