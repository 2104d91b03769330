// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Memory;
using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>The space of blobs gives out what is free, always finds room for as many blobs as there are pages, and can be made anew from what is in use.</summary>
public sealed class BlobSpaceTests
{
    private const int Pages = 256;
    private const ulong Length = Pages * 4096;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void NoUnitIsGivenOutTwice_AndThereIsAlwaysRoom(int seed)
    {
        Random random = new(seed);
        using BlobSpace space = Create(out MemoryFile file);
        bool[] used = new bool[space.Granules];
        List<(long Granule, int Count)> blobs = [];
        long bytes = 0;
        for (int round = 0; round < 8_000; round++)
        {
            // Waves of large and of small blobs, so that the ones leave holes that the others do not fit.
            bool isFull = blobs.Count == Pages;
            if (isFull || (blobs.Count > 0 && random.Next(20) < (round / 800 % 2 == 0 ? 5 : 12)))
            {
                int index = random.Next(blobs.Count);
                (long granule, int count) = blobs[index];
                blobs[index] = blobs[^1];
                blobs.RemoveAt(blobs.Count - 1);
                Array.Fill(used, false, (int)granule, count);
                space.Free(granule, count);
                bytes -= count * 64;
            }
            else
            {
                int count = round / 400 % 3 == 0 ? 64 : random.Next(1, round / 400 % 3 == 1 ? 8 : 65);
                long granule = space.Allocate(count);
                Assert.True(granule >= 0 && granule + count <= space.Granules, $"seed {seed}, round {round}");
                Assert.False(used.AsSpan((int)granule, count).Contains(true), $"seed {seed}, round {round}");
                Array.Fill(used, true, (int)granule, count);
                blobs.Add((granule, count));
                bytes += count * 64;
            }

            Assert.Equal(bytes, space.UsedBytes);
        }

        using BlobSpace next = CreateOver(file);
        Assert.All(blobs, blob => Assert.True(next.TryClaim(blob.Granule, blob.Count)));
        Assert.All(blobs, blob => Assert.False(next.TryClaim(blob.Granule, 1)));
        next.Settle();
        Assert.Equal(space.UsedBytes, next.UsedBytes);
        while (blobs.Count < Pages)
        {
            int count = random.Next(1, 65);
            long granule = next.Allocate(count);
            Assert.False(used.AsSpan((int)granule, count).Contains(true));
            Array.Fill(used, true, (int)granule, count);
            blobs.Add((granule, count));
        }

        file.Dispose();
    }

    [Fact]
    public void BlobsThatFitGoWhereTheyLeaveTheLeast_AndToAnEmptyChunkLast()
    {
        using BlobSpace space = Create(out MemoryFile file);
        long[] first = [.. Enumerable.Range(0, 16).Select(_ => space.Allocate(64))];
        long[] second = [.. Enumerable.Range(0, 16).Select(_ => space.Allocate(64))];
        Assert.Equal(Enumerable.Range(0, 16).Select(static page => page * 64L), first);
        Assert.Equal(Enumerable.Range(16, 16).Select(static page => page * 64L), second);
        Array.ForEach(first, granule => space.Free(granule, 64));
        space.Free(second[3], 64);
        Assert.Equal(second[3], space.Allocate(10));
        Assert.Equal(second[3] + 10, space.Allocate(54));
        Assert.Equal(0, space.Allocate(1));
        file.Dispose();
    }

    [Fact]
    public void MemoryIsTakenFromNobodyWhoWasJustGivenIt()
    {
        const int Threads = 3, Each = 60;
        using BlobSpace space = Create(out MemoryFile file);
        string[] failures = new string[Threads];
        Thread[] threads = [.. Enumerable.Range(0, Threads).Select(number => new Thread(() => failures[number] = Work(space, file, number)))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.All(failures, static failure => Assert.Equal("", failure));
        Assert.Equal(0, space.UsedBytes);
        file.Dispose();

        static string Work(BlobSpace space, MemoryFile file, int number)
        {
            // All pages are given back before they are taken again: most of them lose their memory, while others take them.
            using PageBuffer buffer = new(1);
            long[] granules = new long[Each];
            for (int round = 0; round < 150; round++)
            {
                for (int blob = 0; blob < Each; blob++)
                {
                    granules[blob] = space.Allocate(64);
                    buffer.Bytes.Fill((byte)(number + 1));
                    _ = file.Write(buffer.Address, 4096, (ulong)granules[blob] * 64);
                }

                foreach (long granule in granules)
                {
                    _ = file.Read(buffer.Address, 4096, (ulong)granule * 64);
                    if (buffer.Bytes.ContainsAnyExcept((byte)(number + 1)))
                    {
                        return $"thread {number}, round {round}: unit {granule}";
                    }

                    space.Free(granule, 64);
                }
            }

            return "";
        }
    }

    [Fact]
    public void CallsAllocateNothing()
    {
        using BlobSpace space = Create(out MemoryFile file);
        Assert.Equal(0, AllocationProbe.Least(() =>
        {
            for (int count = 1; count <= 64; count++)
            {
                space.Free(space.Allocate(count), count);
            }
        }));
        file.Dispose();
    }

    private static BlobSpace Create(out MemoryFile file)
    {
        Assert.Equal(Errno.None, MemoryFile.TryCreate("blobs", BlobSpace.FileBytes(Length), out MemoryFile? made, out string reason));
        Assert.Equal("", reason);
        file = made!;
        return CreateOver(file);
    }

    private static BlobSpace CreateOver(MemoryFile file)
    {
        Assert.Equal(Errno.None, BlobSpace.TryCreate(file, Length, out BlobSpace? space, out _));
        return space!;
    }
}
