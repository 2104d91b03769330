// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Storage;

namespace Physr.Machine.Tests.Storage;

/// <summary>Drives of the machine behind the block layer, and sectors that go from card to drive without RAM.</summary>
public sealed class NvmeBlockDeviceTests
{
    [Fact]
    public void WhatIsWrittenIsOnTheDrive_AndComesBack()
    {
        using StorageMachine host = new();
        Fill(host, 0, 65536);
        Assert.Equal(BlockStatus.Ok, host.Drives[0].Execute(new Bio(BioOperation.Write, 16, host.At(0, 65536), BioFlags.ForceUnitAccess | BioFlags.PreFlush)));
        Assert.Equal(Memory(host, 0, 65536), host.Stored("nvme0", 8192, 65536));
        Assert.Equal(BlockStatus.Ok, host.Drives[0].Execute(new Bio(BioOperation.Read, 16, host.At(1 << 19, 65536))));
        Assert.Equal(Memory(host, 0, 65536), Memory(host, 1 << 19, 65536));
        Assert.Equal(BlockStatus.Ok, host.Drives[0].Execute(new Bio(BioOperation.WriteZeroes, 16, 400UL)));
        Assert.True(host.Stored("nvme0", 8192, 200 << 10).AsSpan().IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal(BlockStatus.Ok, host.Drives[0].Execute(new Bio(BioOperation.Flush, 0, 0UL)));
    }

    [Fact]
    public void ManyRequestsAreOutAtOnce_AndWhatTheQueueCannotTakeWaits()
    {
        using StorageMachine host = new();
        Fill(host, 0, 1 << 20);
        Bio[] bios = [.. Enumerable.Range(0, 200).Select(i => new Bio(BioOperation.Write, (ulong)i * 8, host.At((ulong)i * 4096, 4096)))];
        Array.ForEach(bios, host.Drives[0].Submit);
        while (host.Drives[0].Poll())
        {
        }

        Assert.All(bios, static bio => Assert.True(bio.IsCompleted));
        Assert.All(bios, static bio => Assert.Equal(BlockStatus.Ok, bio.Status));
        Assert.Equal(Memory(host, 0, 200 * 4096), host.Stored("nvme0", 0, 200 * 4096));
    }

    [Fact]
    public void AScatteredRequestOfOddPiecesArrivesInOrder()
    {
        using StorageMachine host = new();
        Fill(host, 0, 1 << 20);
        using RangeListBuilder list = RangeListBuilder.Rent();
        List<byte> expected = [];
        foreach ((ulong at, ulong length) in new (ulong, ulong)[] { (4096, 8192), (65536, 512), (131072, 3584), (100 << 10, 4096) })
        {
            list.Append(new PhysicalRange(host.Buffer.Start.Add(at), length));
            expected.AddRange(Memory(host, at, (int)length));
        }

        Assert.Equal(BlockStatus.Ok, host.Drives[0].Execute(new Bio(BioOperation.Write, 8, list.Build().All)));
        Assert.Equal(expected, host.Stored("nvme0", 4096, expected.Count));
    }

    [Fact]
    public void R88c_ACardBehindARedirectThatTheHostDoesNotForwardIsInvalid_AndNothingIsMoved()
    {
        using StorageMachine host = new(acs: 1 << 2);
        Assert.Equal(Errno.None, host.Pmem[0].Dax.TryWrite(0, new byte[] { 1, 2, 3 }));
        BlockCopyResult refused = new BlockCopy(host.Pmem[0], host.Drives[0]).Execute(0, 0, 8);
        Assert.Equal(BlockStatus.NotSupported, refused.Status);
        Assert.Contains("nvme0n1 does not reach the memory of pmem0", refused.Reason, StringComparison.Ordinal);

        BlockCopyResult bounced = new BlockCopy(host.Pmem[0], host.Drives[0], RangeList.Of(host.Buffer)).Execute(0, 0, 8);
        Assert.Equal((BlockStatus.Ok, BlockCopyRoute.Bounced, 4096UL), (bounced.Status, bounced.Route, bounced.BouncedBytes));
        Assert.Equal([1, 2, 3], host.Stored("nvme0", 0, 3));
    }

    [Fact]
    public void R85a_R88a_SectorsOfACardGoToADrivePastRam_AndBack()
    {
        using StorageMachine host = new();
        byte[] bytes = new byte[2 << 20];
        new Random(5).NextBytes(bytes);
        Assert.Equal(Errno.None, host.Pmem[0].Dax.TryWrite(1 << 20, bytes));
        ulong dram = host.Machine.Fabric.Dram.PayloadBytes;
        BlockCopyResult there = new BlockCopy(host.Pmem[0], host.Drives[0]).Execute((1 << 20) / 512, 0, (2 << 20) / 512);
        Assert.Equal((BlockStatus.Ok, BlockCopyRoute.FromRanges), (there.Status, there.Route));
        BlockCopyResult back = new BlockCopy(host.Drives[0], host.Pmem[1]).Execute(0, 8, (2 << 20) / 512);
        Assert.Equal((BlockStatus.Ok, BlockCopyRoute.IntoRanges), (back.Status, back.Route));
        byte[] found = new byte[bytes.Length];
        Assert.Equal(Errno.None, host.Pmem[1].Dax.TryRead(4096, found));
        Assert.Equal(bytes, found);
        Assert.Equal(dram, host.Machine.Fabric.Dram.PayloadBytes);
        Assert.Equal(0, host.Machine.Map.DescriptorCount);
    }

    private static byte[] Memory(StorageMachine host, ulong offset, int length)
    {
        byte[] bytes = new byte[length];
        Assert.Equal(Errno.None, host.Bytes.TryRead(host.Buffer.Start.Add(offset), bytes));
        return bytes;
    }

    private static void Fill(StorageMachine host, ulong offset, int length)
    {
        byte[] bytes = new byte[length];
        new Random(11).NextBytes(bytes);
        Assert.Equal(Errno.None, host.Bytes.TryWrite(host.Buffer.Start.Add(offset), bytes));
    }
}
