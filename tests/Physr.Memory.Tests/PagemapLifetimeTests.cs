// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class PagemapLifetimeTests
{
    [Fact]
    public void R7a_EveryFrameFindsItsPagemap()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            MemoryMap map = new();
            List<Pagemap> pagemaps = [];
            for (ulong slot = 0; slot < 40; slot++)
            {
                if (random.Next(2) == 0)
                {
                    pagemaps.Add(map.Registered(MemoryType.Generic, Range(GiB + (slot * 2 * MiB), 2 * MiB)));
                }
            }

            for (ulong slot = 0; slot < 42; slot++)
            {
                PhysicalAddress address = new(GiB + (slot * 2 * MiB) - MiB + (ulong)random.Next((int)(2 * MiB)));
                Pagemap? expected = pagemaps.Find(pagemap => pagemap.Ranges[0].Contains(address));
                bool found = map.TryGetPagemap(address.Frame, out PagemapReference reference);
                Assert.True(found == expected is not null, $"seed {seed} {address}");
                if (found)
                {
                    Assert.Same(expected, reference.Pagemap);
                    reference.Dispose();
                }
            }

            pagemaps.ForEach(pagemap => map.Unregister(pagemap));
            AssertNothingLeft(map);
        }
    }

    [Fact]
    public void R7a_ALookUpAllocatesNothing()
    {
        MemoryMap map = new();
        map.Registered(MemoryType.Generic, Range(GiB, 4 * MiB));
        PageFrameNumber frame = new PhysicalAddress(GiB).Frame;
        long found = 0;
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            found = 0;
            for (int i = 0; i < 1000; i++)
            {
                if (map.TryGetPagemap(frame.Add((ulong)(i & 1023)), out PagemapReference reference))
                {
                    found++;
                    reference.Dispose();
                }
            }
        }));
        Assert.Equal(1000, found);
    }

    [Fact]
    public void R7b_AfterTheKillNoLookUpSucceeds()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));
        PageFrameNumber frame = new PhysicalAddress(GiB).Frame;
        Assert.True(map.TryGetPagemap(frame, out PagemapReference held));
        map.BeginUnregister(pagemap);
        Assert.False(map.TryGetPagemap(frame, out _));
        Assert.True(pagemap.IsRegistered);
        Assert.False(pagemap.IsLive);
        Assert.Equal(Errno.EBUSY, map.TryUnregister(pagemap));
        held.Dispose();
        Assert.Equal(Errno.None, map.TryUnregister(pagemap));
        AssertNothingLeft(map);
    }

    [Fact]
    public async Task R7c_ConcurrentLookUpsNeverReturnADeadPagemap()
    {
        MemoryMap map = new();
        PageFrameNumber frame = new PhysicalAddress(GiB).Frame;
        Pagemap pagemap = Filled(MemoryType.Generic, Range(GiB, 2 * MiB));
        using CancellationTokenSource stop = new();
        Task<long>[] readers = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
        {
            long found = 0;
            while (!stop.IsCancellationRequested)
            {
                if (!map.TryGetPagemap(frame, out PagemapReference reference))
                {
                    continue;
                }

                // While the reference is held, the descriptors are there: a dead pagemap has none.
                Assert.True(reference.Pagemap.TryGetPage(frame, out DevicePage page));
                Assert.Equal(1, page.ReferenceCount);
                Assert.NotEqual(0, map.DescriptorCount);
                found++;
                reference.Dispose();
            }

            return found;
        }))];

        for (int i = 0; i < 2000; i++)
        {
            Assert.Equal(Errno.None, map.Register(pagemap));
            Thread.Yield();
            map.Unregister(pagemap);
            Assert.Equal(0, map.DescriptorCount);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(2000, pagemap.ReleaseCount);
        AssertNothingLeft(map);
    }

    [Fact]
    public async Task R13a_TeardownWaitsForAllUsers()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        PageFrameNumber frame = new PhysicalAddress(GiB).Frame;
        Assert.True(map.TryGetPagemap(frame, out PagemapReference held));
        Assert.Equal(Errno.None, pagemap.InitializePage(frame, 0, out DevicePage page));
        Assert.Equal(Errno.EBUSY, map.TryUnregister(pagemap));
        Assert.True(pagemap.IsLive, "a refused TryUnregister changes nothing");

        Task teardown = Task.Run(() => map.Unregister(pagemap));
        SpinWait.SpinUntil(() => !pagemap.IsLive);
        Assert.False(teardown.IsCompleted);
        held.Dispose();
        Assert.True(pagemap.IsRegistered);
        page.Put();
        await teardown;
        Assert.False(pagemap.IsRegistered);
        AssertNothingLeft(map);
    }

    [Theory]
    [InlineData(MemoryType.Generic)]
    [InlineData(MemoryType.FsDax)]
    public void R13a_APageInUseIsAUser(MemoryType type)
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(type, Range(GiB, 2 * MiB));
        Assert.True(pagemap.TryGetPage(new PhysicalAddress(GiB).Frame, out DevicePage page));
        Assert.True(page.TryGet());
        Assert.True(page.TryGet());
        Assert.Equal(1, pagemap.UserCount);
        Assert.Equal(Errno.EBUSY, map.TryUnregister(pagemap));
        Assert.False(page.Put());
        Assert.True(page.Put());
        Assert.Equal(0, pagemap.UserCount);
        Assert.True(page.TryGet());
        page.Put();
        map.BeginUnregister(pagemap);
        Assert.False(page.TryGet());
        Assert.Equal(Errno.None, map.TryUnregister(pagemap));
        AssertNothingLeft(map);
    }

    [Fact]
    public void R13a_AWaitCanBeGivenUpAndRepeated()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));
        Assert.True(map.TryGetPagemap(new PhysicalAddress(GiB).Frame, out PagemapReference held));
        Assert.ThrowsAny<OperationCanceledException>(() => map.Unregister(pagemap, new CancellationToken(canceled: true)));
        Assert.True(pagemap.IsRegistered);
        held.Dispose();
        map.Unregister(pagemap);
        Assert.False(pagemap.IsRegistered);
    }

    [Fact]
    public async Task R13c_TwoTeardownsReleaseOnce()
    {
        for (int i = 0; i < 50; i++)
        {
            MemoryMap map = new();
            Pagemap pagemap = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));

            // Both teardowns wait for one user, so that both wake at once and find the same registration.
            Assert.True(map.TryGetPagemap(new PhysicalAddress(GiB).Frame, out PagemapReference held));
            int started = 0;
            Task[] teardowns = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                Interlocked.Increment(ref started);
                map.Unregister(pagemap);
            }))];
            SpinWait.SpinUntil(() => Volatile.Read(ref started) == 2 && !pagemap.IsLive);
            held.Dispose();
            await Task.WhenAll(teardowns);
            Assert.Equal(1, pagemap.ReleaseCount);
            AssertNothingLeft(map);
        }
    }

    [Fact]
    public void R13d_TeardownIsIdempotent()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));
        map.Unregister(pagemap);
        map.Unregister(pagemap);
        Assert.Equal(Errno.None, map.TryUnregister(pagemap));
        map.BeginUnregister(pagemap);
        Assert.Equal(1, pagemap.ReleaseCount);
        Assert.Equal(Errno.None, map.Register(pagemap));
        map.Unregister(pagemap);
        Assert.Equal(2, pagemap.ReleaseCount);
    }

    [Fact]
    public void ReleasingTooOftenIsMisuse()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));
        Assert.True(map.TryGetPagemap(new PhysicalAddress(GiB).Frame, out PagemapReference held));
        held.Dispose();
        Assert.Throws<PhysrException>(() => held.Dispose());
        Assert.Equal(0, default(PagemapReference).GetHashCode());
        Assert.Throws<InvalidOperationException>(() => default(PagemapReference).Pagemap);
        Assert.NotNull(pagemap);
    }
}
