// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>Random operations, against arrays of bytes.</summary>
public sealed class FileStorePropertyTests
{
    [Fact]
    public void AStoreHoldsWhatTheModelHolds_AlsoAfterEachMount_AndNoBlockIsLostOrOwnedByChance()
    {
        int refused = 0;
        for (ulong seed = 1; seed <= 30; seed++)
        {
            SeededRandom random = new(seed);
            FileStore store = ArrayDevice.NewStore(1 << 20, out ArrayDevice device);
            FileModel model = new();
            for (int i = 0; i < 300; i++)
            {
                FileOperation what = FileOperation.Choose(random, model, 6, 200_000, i % 10 == 0 ? 60_000 : 9_000);
                ulong free = store.FreeBlocks;
                Errno errno = what.Apply(store);
                string when = $"seed {seed}, step {i}: {what}: {errno}";
                Assert.True(errno is Errno.None or Errno.ENOSPC, when);
                if (errno == Errno.None)
                {
                    what.Apply(model);
                }
                else
                {
                    refused++;
                    Assert.True(free == store.FreeBlocks, when);
                }

                if (i % 37 == 0 || errno != Errno.None || i % 50 == 49)
                {
                    store = i % 37 == 0 ? device.Mount() : store;
                    AssertSame(model, store, when);
                    Assert.True(store.Check(true) is { Count: 0 }, $"{when}: {string.Join("; ", store.Check(true))}");
                    AssertSpace(store, when);
                }
            }

            foreach (string name in store.List())
            {
                Assert.Equal(Errno.None, store.TryUnlink(name));
            }

            Assert.Equal(store.DataBlocks, store.FreeBlocks);
            Assert.Equal(0, device.Strays);
        }

        Assert.True(refused > 25, $"only {refused} operations found the device full");
    }

    [Fact]
    public void AWriteOfManyPieces_IsOneRecord_AsLongAsItsExtentsHaveRoom()
    {
        FileStore store = ArrayDevice.NewStore(4 << 20, out ArrayDevice device, 16 << 10);
        store.TryCreate("filler", out StoreFile? filler);
        store.TryCreate("pieces", out StoreFile? pieces);
        Assert.Equal(Errno.None, filler!.TryAllocate(0, store.FreeBlocks * 4096));
        for (ulong page = 0; page < 240; page += 2)
        {
            Assert.Equal(Errno.None, filler.TryPunchHole(page * 4096, 4096));
        }

        byte[] bytes = new byte[(120 * 4096) - 5];
        new SeededRandom(1).Fill(bytes);
        int steps = device.Steps;
        Assert.Equal(Errno.ENOSPC, pieces!.TryWrite(5, new byte[(120 * 4096) + 1]));
        Assert.Equal(steps, device.Steps);
        Assert.Equal(Errno.None, pieces.TryWrite(5, bytes));
        Assert.Equal(120, pieces.Extents.Count);

        // 120 stores of data, 120 flushes, a fence; a record, perhaps a checkpoint before it.
        Assert.InRange(device.Steps - steps, 120 + 120 + 1 + 3, 120 + 120 + 1 + 3 + 9);
        store = device.Mount();
        store.TryOpen("pieces", out pieces);
        byte[] read = new byte[bytes.Length];
        Assert.Equal(Errno.None, pieces!.TryRead(5, read, out int count));
        Assert.True(count == read.Length && read.AsSpan().SequenceEqual(bytes), "other bytes came back");
        Assert.Empty(store.Check());
    }

    internal static void AssertSame(FileModel model, FileStore store, string when)
    {
        Assert.True(model.Files.Keys.SequenceEqual(store.List()), when);
        foreach ((string name, byte[] bytes) in model.Files)
        {
            Assert.Equal(Errno.None, store.TryOpen(name, out StoreFile? file));
            byte[] read = new byte[bytes.Length + 1];
            Assert.Equal(Errno.None, file!.TryRead(0, read, out int count));
            Assert.True((ulong)bytes.Length == file.Length && count == bytes.Length, $"{when}: {name} has {file.Length} bytes, not {bytes.Length}");
            int same = bytes.AsSpan().CommonPrefixLength(read);
            Assert.True(same == bytes.Length, $"{when}: {name} differs at byte {same}");
        }
    }

    /// <summary>Every block that is not free is in an extent, and the pages of a file are in one each.</summary>
    private static void AssertSpace(FileStore store, string when)
    {
        HashSet<ulong> blocks = [];
        foreach (string name in store.List())
        {
            store.TryOpen(name, out StoreFile? file);
            HashSet<ulong> pages = [];
            foreach (Extent extent in file!.Extents)
            {
                for (ulong i = 0; i < extent.Count; i++)
                {
                    Assert.True(pages.Add(extent.Page + i), when);
                    blocks.Add(extent.Block + i);
                }
            }
        }

        Assert.True((ulong)blocks.Count == store.DataBlocks - store.FreeBlocks, when);
    }
}
