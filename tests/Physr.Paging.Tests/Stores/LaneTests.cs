// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>Lanes have many calls under way at once, and tell the end of each.</summary>
public sealed class LaneTests
{
    private const int Page = PageBuffer.Page;

    [Theory]
    [InlineData("file", false)]
    [InlineData("file", true)]
    [InlineData("user", false)]
    public void ThirtyTwoCallsAtATimeReadAndWriteWhatTheyShould(string kind, bool usesThreads)
    {
        const int Seed = 33, Pages = 512, Depth = 32;
        Random random = new(Seed);
        using StoreFixture fixture = new(kind, Pages);
        using PageStore store = Open(fixture, usesThreads);
        using LaneDriver driver = new(store, Depth);
        using PageBuffer buffer = new(Depth * 4);
        byte[] expected = new byte[Pages * Page];
        for (int round = 0; round < 12; round++)
        {
            int[] starts = [.. Enumerable.Range(0, Pages / 4).OrderBy(_ => random.Next()).Take(Depth)];
            int[] counts = [.. starts.Select(_ => random.Next(1, 5))];
            bool[] writes = [.. starts.Select(_ => round == 0 || random.Next(2) == 0)];
            for (int call = 0; call < Depth; call++)
            {
                int first = starts[call] * 4;
                Span<byte> bytes = buffer.At(call * 4, counts[call]);
                (ulong offset, nint address) = ((ulong)first * Page, buffer.Address + (call * 4 * Page));
                if (writes[call])
                {
                    random.NextBytes(bytes);
                    bytes.CopyTo(expected.AsSpan(first * Page));
                    Assert.Equal(Errno.None, driver.Lane.TryWrite((ulong)call, offset, address, (nuint)bytes.Length));
                }
                else
                {
                    bytes.Clear();
                    Assert.Equal(Errno.None, driver.Lane.TryRead((ulong)call, offset, address, (nuint)bytes.Length));
                }
            }

            Assert.Equal(Depth, driver.Lane.Pending);
            Assert.Equal(Errno.EAGAIN, driver.Lane.TryRead(99, 0, buffer.Address, Page));
            Assert.All(driver.Await(Depth), static end => Assert.Equal(Errno.None, end.Value));
            Assert.Equal(0, driver.Lane.Pending);
            for (int call = 0; call < Depth; call++)
            {
                Assert.True(buffer.At(call * 4, counts[call]).SequenceEqual(expected.AsSpan(starts[call] * 4 * Page, counts[call] * Page)), $"seed {Seed}, round {round}, call {call}");
            }
        }

        byte[] all = new byte[Pages * Page];
        using PageBuffer back = new(Pages);
        Assert.Equal(Errno.None, store.Read(0, back.Address, Pages * Page));
        back.Bytes.CopyTo(all);
        Assert.Equal(expected, all);
    }

    [Theory]
    [InlineData("file", false)]
    [InlineData("file", true)]
    [InlineData("user", false)]
    public void ARangeThatIsNoneIsRefusedOrFails_AndDoesNotHoldUpOthers(string kind, bool usesThreads)
    {
        using StoreFixture fixture = new(kind, 128);
        using PageStore store = Open(fixture, usesThreads);
        using LaneDriver driver = new(store, 4);
        using PageBuffer buffer = new(128);
        Assert.Equal(Errno.EINVAL, driver.Lane.TryRead(1, 0, buffer.Address, 0));
        Assert.Equal(Errno.EINVAL, driver.Lane.TryRead(1, 1, buffer.Address, Page));
        Assert.Equal(Errno.EINVAL, driver.Lane.TryWrite(1, 0, buffer.Address, 65 * Page));
        Errno outside = driver.Lane.TryRead(1, 128 * Page, buffer.Address, Page);
        Assert.Equal(Errno.None, driver.Lane.TryRead(2, 127 * Page, buffer.Address, Page));
        Dictionary<ulong, Errno> ends = driver.Await(outside == Errno.None ? 2 : 1);
        Assert.Equal(Errno.EINVAL, ends.GetValueOrDefault(1ul, outside));
        Assert.Equal(Errno.None, ends[2]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void CallsAllocateNothing(bool usesThreads)
    {
        using StoreFixture fixture = new("file", 64);
        using PageStore store = Open(fixture, usesThreads);
        using LaneDriver driver = new(store, 8);
        using PageBuffer buffer = new(8);
        StoreCompletion[] ends = new StoreCompletion[8];
        void Run()
        {
            for (ulong call = 0; call < 8; call++)
            {
                _ = driver.Lane.TryWrite(call, call * 4 * Page, buffer.Address + ((nint)call * Page), Page);
            }

            _ = driver.Lane.Submit();
            for (int count = 0; count < 8;)
            {
                count += driver.Lane.Reap(ends);
            }
        }

        // Threads are started as they are first needed.
        for (int round = 0; round < 50; round++)
        {
            Run();
        }

        Assert.Equal(0, AllocationProbe.Least(Run));
    }

    [Fact]
    public void ALaneThatIsLetGoOfWithCallsUnderWayLeavesMemoryAlone()
    {
        using StoreFixture fixture = new("file", 64);
        foreach (bool usesThreads in new[] { false, true })
        {
            using PageStore store = Open(fixture, usesThreads);
            for (int round = 0; round < 20; round++)
            {
                LaneDriver driver = new(store, 8);
                using PageBuffer buffer = new(8);
                for (ulong call = 0; call < 8; call++)
                {
                    Assert.Equal(Errno.None, driver.Lane.TryRead(call, call * Page, buffer.Address + ((nint)call * Page), Page));
                    Assert.Equal(Errno.None, call == 5 ? driver.Lane.Submit() : Errno.None);
                }

                driver.Dispose();
                buffer.Bytes.Fill((byte)round);
                Thread.Yield();
                Assert.False(buffer.Bytes.ContainsAnyExcept((byte)round));
            }
        }
    }

    private static PageStore Open(StoreFixture fixture, bool usesThreads)
    {
        PageStore store = fixture.Open();
        if (store is FileStore file)
        {
            file.UsesThreads = usesThreads;
        }

        return store;
    }
}
