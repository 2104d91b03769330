// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;
using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>What every store does: it gives back what it was given, also to the next pager.</summary>
public sealed class StoreTests
{
    private const int Page = PageBuffer.Page;

    [SkippableTheory]
    [MemberData(nameof(StoreFixture.Kinds), MemberType = typeof(StoreFixture))]
    public void PagesComeBackAsTheyWereWritten_AlsoFromTheNextPager(string kind)
    {
        const int Seed = 517;
        const int Pages = 192;
        Random random = new(Seed);
        byte[] expected = new byte[Pages * Page];
        using StoreFixture fixture = new(kind, Pages);
        using PageBuffer buffer = new(64);
        for (int pager = 0; pager < 4; pager++)
        {
            using PageStore store = fixture.Open();
            for (int round = 0; round < 150; round++)
            {
                int count = random.Next(1, 17), first = random.Next(Pages - count + 1);
                Span<byte> place = expected.AsSpan(first * Page, count * Page), bytes = buffer.At(0, count);
                if (random.Next(2) == 0)
                {
                    for (int page = 0; page < count; page++)
                    {
                        PageBytes.Fill(buffer.At(page), random);
                    }

                    bytes.CopyTo(place);
                    Assert.Equal(Errno.None, store.Write((ulong)first * Page, buffer.Address, (nuint)bytes.Length));
                }
                else
                {
                    Assert.Equal(Errno.None, store.Read((ulong)first * Page, buffer.Address, (nuint)bytes.Length));
                    Assert.True(bytes.SequenceEqual(place), $"seed {Seed}, pager {pager}, round {round}");
                }
            }

            Assert.Equal(Errno.None, store.Flush());
            CheckAll(store, expected, buffer);
            Assert.Equal("", store.LastReason);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(StoreFixture.Kinds), MemberType = typeof(StoreFixture))]
    public void AHoleInTheWindowsFileIsNotTakenForZeros_AndZerosAre(string kind)
    {
        using StoreFixture fixture = new(kind, 16);
        using PageStore store = fixture.Open();
        using PageBuffer buffer = new(16);
        Assert.Equal(Errno.None, MemoryFile.TryCreate("window", 16 * Page, out MemoryFile? window, out _));
        new Random(8).NextBytes(buffer.Bytes);
        buffer.At(2, 1).Clear();
        Assert.Equal(Errno.None, window!.Write(buffer.Address, 4 * Page, 0));
        Assert.Equal(Errno.None, store.WriteFrom(window, 0, 0, 4 * Page, buffer.Address));
        Assert.Equal(Errno.None, window.Punch(Page, Page));
        Assert.Equal(Errno.ENODATA, store.WriteFrom(window, 0, 0, 4 * Page, buffer.Address));
        Assert.Contains("the window does not have all", store.LastReason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENODATA, store.WriteFrom(window, Page, Page, Page, buffer.Address));
        Assert.Equal(Errno.None, store.WriteFrom(window, 2 * Page, 2 * Page, 2 * Page, buffer.Address));
        window.Dispose();
    }

    [SkippableTheory]
    [MemberData(nameof(StoreFixture.Kinds), MemberType = typeof(StoreFixture))]
    public void PagesAreTakenFromTheWindowsFile(string kind)
    {
        using StoreFixture fixture = new(kind, 16);
        using PageStore store = fixture.Open();
        using PageBuffer buffer = new(16);
        Assert.Equal(Errno.None, MemoryFile.TryCreate("window", 16 * Page, out MemoryFile? window, out _));
        new Random(7).NextBytes(buffer.Bytes);
        byte[] expected = buffer.Bytes.ToArray();
        Assert.Equal(Errno.None, window!.Write(buffer.Address, 16 * Page, 0));
        Assert.Equal(Errno.None, store.WriteFrom(window, 4 * Page, 2 * Page, 3 * Page, buffer.Address));
        Assert.Equal(Errno.EINVAL, store.WriteFrom(window, 0, 15 * Page, 2 * Page, buffer.Address));
        Assert.NotEqual(Errno.None, store.WriteFrom(window, 15 * Page, 0, 2 * Page, buffer.Address));
        Assert.Equal(Errno.None, store.Read(2 * Page, buffer.Address, 3 * Page));
        Assert.True(buffer.At(0, 3).SequenceEqual(expected.AsSpan(4 * Page, 3 * Page)));
        window.Dispose();
    }

    [SkippableTheory]
    [MemberData(nameof(StoreFixture.Kinds), MemberType = typeof(StoreFixture))]
    public void ARangeThatIsNoneIsRefusedAndTouchesNothing(string kind)
    {
        using StoreFixture fixture = new(kind, 4);
        using PageStore store = fixture.Open();
        using PageBuffer buffer = new(4);
        foreach ((ulong offset, nuint length) in new (ulong, nuint)[] { (0, 0), (1, Page), (0, Page - 1), (4 * Page, Page), (3 * Page, 2 * Page), (ulong.MaxValue - Page + 1, Page), (0, nuint.MaxValue - Page + 1) })
        {
            Assert.Equal(Errno.EINVAL, store.Read(offset, buffer.Address, length));
            Assert.Equal(Errno.EINVAL, store.Write(offset, buffer.Address, length));
            Assert.Contains("no whole pages within", store.LastReason, StringComparison.Ordinal);
        }

        Assert.False(store.TryGetAddress(4 * Page, out nint none));
        Assert.Equal(0, none);
        Assert.False(buffer.Bytes.ContainsAnyExcept((byte)0xa5));
    }

    [SkippableTheory]
    [InlineData("memory")]
    [InlineData("file")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public void CallsAllocateNothing(string kind)
    {
        using StoreFixture fixture = new(kind, 64);
        using PageStore store = fixture.Open();
        using PageBuffer buffer = new(16), scratch = new(16);
        Assert.Equal(Errno.None, MemoryFile.TryCreate("window", 16 * Page, out MemoryFile? window, out _));
        Random random = new(3);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int page = 0; page < 16; page++)
            {
                PageBytes.Fill(buffer.At(page), random);
            }

            _ = window!.Write(buffer.Address, 16 * Page, 0);
            for (ulong at = 0; at < 4; at++)
            {
                _ = store.Write(at * 16 * Page, buffer.Address, 16 * Page);
                _ = store.Read(at * 16 * Page, scratch.Address, 16 * Page);
                _ = store.WriteFrom(window, 0, at * 16 * Page, 16 * Page, scratch.Address);
                _ = store.TryGetAddress(at * Page, out _);
            }

            _ = store.Flush();
        }));
        Assert.Equal("", store.LastReason);
        window!.Dispose();
    }

    [SkippableTheory]
    [MemberData(nameof(StoreFixture.Kinds), MemberType = typeof(StoreFixture))]
    public void ThreadsOnPagesOfTheirOwnDoNotDisturbEachOther(string kind)
    {
        const int Threads = 4, Pages = 32;
        using StoreFixture fixture = new(kind, Threads * Pages);
        using PageStore store = fixture.Open();
        string[] failures = new string[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() => failures[number] = Work(store, number)))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.All(failures, static failure => Assert.Equal("", failure));

        static string Work(PageStore store, int number)
        {
            Random random = new(number);
            using PageBuffer buffer = new(1);
            byte[] expected = new byte[Pages * Page];
            for (int round = 0; round < 200; round++)
            {
                // Every fourth page: they lie between those of the others.
                int page = random.Next(Pages);
                ulong offset = (ulong)((page * Threads) + number) * Page;
                Errno errno = store.Read(offset, buffer.Address, Page);
                if (errno != Errno.None || !buffer.Bytes.SequenceEqual(expected.AsSpan(page * Page, Page)))
                {
                    return $"thread {number}, round {round}: {errno} {store.LastReason}";
                }

                PageBytes.Fill(buffer.Bytes, random);
                buffer.Bytes.CopyTo(expected.AsSpan(page * Page));
                errno = store.Write(offset, buffer.Address, Page);
                if (errno != Errno.None)
                {
                    return $"thread {number}, round {round}: {errno} {store.LastReason}";
                }
            }

            return "";
        }
    }

    [SkippableTheory]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public void AReadThatAWriteOvertakesGivesTheOldPageOrTheNewOne(string kind)
    {
        const int Pages = 4, Rounds = 20_000;
        using StoreFixture fixture = new(kind, Pages);
        using PageStore store = fixture.Open();
        string[] failures = new string[3];
        Thread[] threads = [.. Enumerable.Range(0, failures.Length).Select(number => new Thread(() => failures[number] = number == 0 ? Write(store) : Read(store, number)))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.All(failures, static failure => Assert.Equal("", failure));

        static string Write(PageStore store)
        {
            // Pages that begin with a number, which tells all of their bytes.
            using PageBuffer buffer = new(1);
            for (int round = 1; round <= Rounds; round++)
            {
                Make(buffer.Bytes, round);
                Errno errno = store.Write((ulong)(round % Pages) * Page, buffer.Address, Page);
                if (errno != Errno.None)
                {
                    return $"write {round}: {errno} {store.LastReason}";
                }
            }

            return "";
        }

        static string Read(PageStore store, int number)
        {
            using PageBuffer buffer = new(1), expected = new(1);
            for (int round = 0; round < Rounds; round++)
            {
                Errno errno = store.Read((ulong)((round + number) % Pages) * Page, buffer.Address, Page);
                int made = BitConverter.ToInt32(buffer.Bytes);
                Make(expected.Bytes, made);
                if (errno != Errno.None || !(made == 0 ? !buffer.Bytes.ContainsAnyExcept((byte)0) : buffer.Bytes.SequenceEqual(expected.Bytes)))
                {
                    return $"reader {number}, read {round}: {errno} {store.LastReason}";
                }
            }

            return "";
        }

        static void Make(Span<byte> page, int round)
        {
            page.Fill((byte)round);
            BitConverter.TryWriteBytes(page, round);
            if (round % 3 == 0)
            {
                ulong noise = (uint)round;
                for (int at = 8; at < page.Length; at += 8)
                {
                    noise = (noise * 6_364_136_223_846_793_005) + 1_442_695_040_888_963_407;
                    BitConverter.TryWriteBytes(page[at..], noise);
                }
            }
        }
    }

    [SkippableFact]
    public void AMemoryStoresPagesCanBeCopiedFromWhereTheyAre()
    {
        using StoreFixture fixture = new("memory", 4);
        using PageStore store = fixture.Open();
        using PageBuffer buffer = new(1);
        buffer.Bytes.Fill(9);
        Assert.Equal(Errno.None, store.Write(2 * Page, buffer.Address, Page));
        Assert.True(store.TryGetAddress(2 * Page, out nint address));
        unsafe
        {
            Assert.False(new Span<byte>((void*)address, Page).ContainsAnyExcept((byte)9));
        }

        Assert.False(store.IsBlocking);
        Assert.Equal(Errno.EOPNOTSUPP, store.TryCreateLane(1, out IStoreLane? lane, out _));
        Assert.Null(lane);
    }

    private static void CheckAll(PageStore store, byte[] expected, PageBuffer buffer)
    {
        for (int page = 0; page < expected.Length / Page; page++)
        {
            Assert.Equal(Errno.None, store.Read((ulong)page * Page, buffer.Address, Page));
            Assert.True(buffer.At(0).SequenceEqual(expected.AsSpan(page * Page, Page)), $"page {page}");
        }
    }
}
