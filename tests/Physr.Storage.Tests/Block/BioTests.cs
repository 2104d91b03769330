// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;

namespace Physr.Storage.Tests.Block;

/// <summary>Requests: what is refused, how they split, join, complete and are tried again.</summary>
public sealed class BioTests : IDisposable
{
    private readonly BlockHost _host = new();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(0, 512, BlockStatus.Ok)]
    [InlineData(15, 512, BlockStatus.Ok)]
    [InlineData(16, 512, BlockStatus.IoError)]
    [InlineData(15, 1024, BlockStatus.IoError)]
    [InlineData(0, 100, BlockStatus.Invalid)]
    [InlineData(ulong.MaxValue, 1024, BlockStatus.IoError)]
    public void ARequestOutsideTheDeviceOrOffItsBlocksIsRefused(ulong sector, ulong bytes, BlockStatus status)
    {
        using DaxBlockDevice disk = _host.Disk("ram0", 8192);
        Assert.Equal(status, disk.Execute(new Bio(BioOperation.Read, sector, BlockHost.At(0, bytes).All)));
    }

    [Fact]
    public void ADeviceOf4KiBBlocksRefusesASingleSector()
    {
        using DaxBlockDevice disk = _host.Disk("ram0", 1 << 20, new() { LogicalBlockBytes = 4096 });
        Assert.Equal(BlockStatus.Invalid, disk.Execute(new Bio(BioOperation.Write, 1, BlockHost.At(0, 4096).All)));
        Assert.Equal(BlockStatus.Invalid, disk.Execute(new Bio(BioOperation.Write, 0, BlockHost.At(0, 512).All)));
        Assert.Equal(BlockStatus.Ok, disk.Execute(new Bio(BioOperation.Write, 8, BlockHost.At(0, 4096).All)));
        Assert.Equal(BlockStatus.NotSupported, disk.Execute(new Bio(BioOperation.Discard, 0, 8)));
    }

    [Theory]
    [InlineData(8UL, 0, 0UL, 0UL, "Write 2+8|Write 10+8|Write 18+4")]
    [InlineData(0UL, 2, 0UL, 0UL, "Write 2+4|Write 6+4|Write 10+4|Write 14+4|Write 18+4")]
    [InlineData(0UL, 0, 0UL, 8UL, "Write 2+6|Write 8+8|Write 16+6")]
    [InlineData(0UL, 3, 512UL, 0UL, "Write 2+3|Write 5+3|Write 8+3|Write 11+3|Write 14+3|Write 17+3|Write 20+2")]
    public void R88a_ARequestSplitsByTheDevicesLimits(ulong maxSectors, int maxSegments, ulong maxSegmentBytes, ulong chunk, string expected)
    {
        LaterDevice device = new(64, new() { MaxSectors = maxSectors, MaxSegments = maxSegments, MaxSegmentBytes = maxSegmentBytes, ChunkSectors = chunk }, _host.Bytes);
        Bio bio = new(BioOperation.Write, 2, Scattered(20, 1024).All);
        for (int i = 0; i < 20 * 2; i++)
        {
            _host.Span((ulong)i * 1024, 1024).Fill((byte)(i + 1));
        }

        Bio exact = new(BioOperation.Write, 2, bio.Data.Slice(0, 20 * 512));
        Assert.Equal(BlockStatus.Ok, device.Execute(exact));
        Assert.Equal(expected, string.Join('|', device.Seen));
        for (int i = 0; i < 10; i++)
        {
            Assert.True(device.Bytes.Slice((2 * 512) + (i * 1024), 1024).IndexOfAnyExcept((byte)((2 * i) + 1)) < 0, $"piece {i}");
        }
    }

    [Fact]
    public void R88a_ARequestSplitsWhereItsMemoryChangesOwner()
    {
        LaterDevice device = new(64, new() { SingleProvider = true }, _host.Bytes);
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new PhysicalRange(BlockHost.Ram.Start, 4096), new(1));
        builder.Append(new PhysicalRange(BlockHost.Ram.Start.Add(4096), 2048), new(1));
        builder.Append(new PhysicalRange(BlockHost.Ram.Start.Add(6144), 2048), new(2));
        Assert.Equal(BlockStatus.Ok, device.Execute(new Bio(BioOperation.Write, 0, builder.Build().All)));
        Assert.Equal(["Write 0+12", "Write 12+4"], device.Seen);
    }

    [Fact]
    public void ARequestWhosePiecesAreTooSmallForOneBlockIsRefused()
    {
        LaterDevice device = new(64, new() { LogicalBlockBytes = 4096, MaxSegments = 2 }, _host.Bytes);
        Assert.Equal(BlockStatus.Invalid, device.Execute(new Bio(BioOperation.Write, 0, Scattered(8, 1024).All)));
        Assert.Empty(device.Seen);
    }

    [Fact]
    public void NeighboursJoinToTheBackAndToTheFront_AndEachIsToldOfTheEnd()
    {
        LaterDevice device = new(256, new() { MaxSectors = 32 }, _host.Bytes);
        List<string> ended = [];
        using (BlockPlug plug = new(device))
        {
            foreach (ulong sector in (ulong[])[16, 24, 8, 100, 0, 32, 108])
            {
                plug.Submit(new Bio(BioOperation.Write, sector, BlockHost.At(sector * 512, 4096).All) { Completed = bio => ended.Add($"{bio.Sector} {bio.Status}") });
            }

            Assert.Equal(4, plug.Merges);
        }

        while (device.Poll())
        {
        }

        Assert.Equal(["Write 0+32", "Write 100+16", "Write 32+8"], device.Seen);
        Assert.Equal(7, ended.Count);
        Assert.All(ended, static each => Assert.EndsWith("Ok", each, StringComparison.Ordinal));
    }

    [Fact]
    public void AFlushIsNeverPassed_AndAWriteNeverPassesOneAcrossIt()
    {
        LaterDevice device = new(256, new(), _host.Bytes);
        using (BlockPlug plug = new(device))
        {
            plug.Submit(new Bio(BioOperation.Write, 0, BlockHost.At(0, 4096).All));
            plug.Submit(new Bio(BioOperation.Flush, 0, 0UL));
            plug.Submit(new Bio(BioOperation.Write, 8, BlockHost.At(0, 4096).All));
            plug.Submit(new Bio(BioOperation.Write, 12, BlockHost.At(0, 4096).All));
        }

        Assert.Equal(["Write 0+8", "Flush 0+0", "Write 8+8", "Write 12+8"], device.Seen);
    }

    [Theory]
    [InlineData(BlockStatus.Resource, 2, BlockStatus.Ok, 3)]
    [InlineData(BlockStatus.IoError, 9, BlockStatus.IoError, 4)]
    [InlineData(BlockStatus.Medium, 9, BlockStatus.Medium, 1)]
    [InlineData(BlockStatus.Timeout, 3, BlockStatus.Ok, 4)]
    public void WhatMayHelpIsTriedAgain_AndALostMediumIsNot(BlockStatus failure, int failures, BlockStatus status, int tries)
    {
        LaterDevice device = new(64, new() { Retries = 3 }, _host.Bytes);
        device.Answer = _ => failures-- > 0 ? failure : BlockStatus.Ok;
        Bio bio = new(BioOperation.Read, 0, BlockHost.At(0, 512).All);
        Assert.Equal(status, device.Execute(bio));
        Assert.Equal(tries, device.Seen.Count);
        Assert.Equal(tries - 1, bio.Retries);
    }

    [Fact]
    public void WhoWantsToKnowAtOnceIsNotTriedAgain()
    {
        LaterDevice device = new(64, new(), _host.Bytes) { Answer = static _ => BlockStatus.IoError };
        Assert.Equal(BlockStatus.IoError, device.Execute(new Bio(BioOperation.Read, 0, BlockHost.At(0, 512).All, BioFlags.FailFast)));
        Assert.Single(device.Seen);
    }

    [Fact]
    public void ThePartThatFailsGivesTheWholeItsStatus_AfterAllEnded()
    {
        LaterDevice device = new(64, new() { MaxSectors = 1 }, _host.Bytes) { Answer = static bio => bio.Sector == 2 ? BlockStatus.Medium : BlockStatus.Ok };
        int ends = 0;
        Bio bio = new(BioOperation.Read, 0, BlockHost.At(0, 4 * 512).All) { Completed = _ => ends++ };
        device.Submit(bio);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(device.Poll());
            Assert.False(bio.IsCompleted);
        }

        Assert.True(device.Poll());
        Assert.Equal(BlockStatus.Medium, bio.Status);
        Assert.Equal(1, ends);
        Assert.Throws<PhysrException>(() => bio.Complete(BlockStatus.Ok));
    }

    [Fact]
    public void ADeviceThatLosesARequestIsNamed_InsteadOfHanging()
    {
        LaterDevice device = new(64, new(), _host.Bytes);
        PhysrException lost = Assert.Throws<PhysrException>(() =>
        {
            Bio bio = new(BioOperation.Read, 0, BlockHost.At(0, 512).All);
            bio.Part(0, 512, 0);
            device.Execute(bio);
        });
        Assert.Contains("later: Read 0+1", lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABadRequestCannotBeMade()
    {
        Assert.Throws<ArgumentException>(() => new Bio(BioOperation.Flush, 1, 0UL));
        Assert.Throws<ArgumentException>(() => new Bio(BioOperation.Read, 0, 8UL));
        Assert.Throws<ArgumentException>(() => new Bio(BioOperation.Discard, 0, BlockHost.At(0, 512).All));
    }

    /// <summary>Ranges that do not touch.</summary>
    private static RangeList Scattered(int count, ulong bytes)
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (int i = 0; i < count; i++)
        {
            builder.Append(new PhysicalRange(BlockHost.Ram.Start.Add((ulong)i * 2 * bytes), bytes));
        }

        return builder.Build();
    }
}
