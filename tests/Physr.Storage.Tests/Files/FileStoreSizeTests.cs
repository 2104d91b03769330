// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Storage.Files;
using Xunit.Abstractions;

namespace Physr.Storage.Tests.Files;

/// <summary>A store of 1 GiB with many extents.</summary>
public sealed class FileStoreSizeTests(ITestOutputHelper output)
{
    [Fact]
    public void AGibibyteInPieces_IsThereAfterAMount()
    {
        using MemoryMedia medium = new("pmem0", PageSize.Size1G);
        MediaDaxDevice device = new(medium, new(1UL << 32));
        Assert.Equal(Errno.None, FileStore.TryFormat(device, out _));
        Assert.Equal(Errno.None, FileStore.TryMount(device, out FileStore? store, out _));
        store!.TryCreate("a", out StoreFile? a);
        Assert.Equal(Errno.None, a!.TryAllocate(0, 64 << 20));
        for (ulong page = 1; page < 16_384; page += 2)
        {
            Assert.Equal(Errno.None, a.TryPunchHole(page * 4096, 4096));
        }

        store.TryCreate("rest", out StoreFile? rest);
        Assert.Equal(Errno.None, rest!.TryAllocate(0, 32 << 20));
        long start = Stopwatch.GetTimestamp();
        Assert.Equal(Errno.None, FileStore.TryMount(device, out FileStore? mounted, out _));
        output.WriteLine($"mounted in {Stopwatch.GetElapsedTime(start).TotalMilliseconds:f1} ms");
        Assert.Equal(store.FreeBlocks, mounted!.FreeBlocks);
        Assert.Equal(Errno.None, mounted.TryOpen("a", out a));
        Assert.Equal(8192, a!.Extents.Count);
        Assert.Empty(mounted.Check());
    }
}
