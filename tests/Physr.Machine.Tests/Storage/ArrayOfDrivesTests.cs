// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Machine.Storage;
using Physr.Storage;
using Physr.Storage.Raid;

namespace Physr.Machine.Tests.Storage;

/// <summary>Arrays whose members are drives of the machine, which complete when the machine comes to it, beside cards of persistent memory.</summary>
public sealed class ArrayOfDrivesTests
{
    private const int Bytes = 1 << 20;

    [Theory]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid0, 3)]
    public void R86a_BytesGoToDrivesByRanges_SurviveALoss_AndAreRebuilt(RaidLevel level, int members)
    {
        using StorageMachine host = new();
        BlockDevice[] devices = [.. new BlockDevice[] { host.Drives[0], host.Drives[1], host.Pmem[0] }.Take(members)];
        RaidHost on = new(new HostStripeMemory(host.Machine, "array"), host.Bytes);
        RaidOptions options = new() { Name = "array", Id = new Guid(1, 2, 3, new byte[8]), Level = level, ChunkBytes = 16 << 10 };
        Assert.Equal((Errno.None, ""), (RaidArray.TryCreate(options, devices, on, out RaidArray? made, out string reason), reason));
        using RaidArray array = made!;
        Assert.Equal(devices.Contains(host.Drives[0]), array.Dax is null);
        while (array.NeedsResync)
        {
            Assert.Equal((Errno.None, ""), (array.ResyncStep(1 << 20, out _, out reason), reason));
        }

        // A drive holds something from the start.
        Assert.Equal(BlockStatus.Ok, array.Execute(new Bio(BioOperation.WriteZeroes, 0, Bytes / 512UL)));
        byte[] oracle = new byte[Bytes];
        Random random = new(3);
        for (int i = 0; i < 40; i++)
        {
            int length = random.Next(1, 24) * 4096;
            int at = random.Next((Bytes - length) / 4096) * 4096;
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            bytes.CopyTo(oracle, at);
            Assert.Equal(Errno.None, host.Bytes.TryWrite(host.Buffer.Start, bytes));
            Assert.Equal(BlockStatus.Ok, array.Execute(new Bio(BioOperation.Write, (ulong)at / 512, host.At(0, (ulong)length))));
        }

        Assert.Equal(BlockStatus.Ok, array.Execute(new Bio(BioOperation.Flush, 0, 0UL)));
        Assert.Equal(oracle, Read(host, array));
        if (level != RaidLevel.Raid0)
        {
            Assert.Equal(Errno.None, array.Fail(0, out _));
            Assert.Equal(oracle, Read(host, array));
            Assert.Equal((Errno.None, ""), (array.TryReplace(0, host.Pmem[1], overwrite: false, out reason), reason));
            RaidProgress progress;
            do
            {
                Assert.Equal((Errno.None, ""), (array.RebuildStep(1 << 20, out progress, out reason), reason));
            }
            while (progress.Done < progress.Total);
            Assert.Equal(Errno.None, array.Fail(1, out _));
            Assert.Equal(oracle, Read(host, array));
        }

        Assert.Equal(0, host.Machine.Map.DescriptorCount);
        Assert.Equal((Errno.None, ""), (array.TryStop(out reason), reason));
    }

    private static byte[] Read(StorageMachine host, RaidArray array)
    {
        Assert.Equal(BlockStatus.Ok, array.Execute(new Bio(BioOperation.Read, 0, host.At(0, Bytes))));
        byte[] bytes = new byte[Bytes];
        Assert.Equal(Errno.None, host.Bytes.TryRead(host.Buffer.Start, bytes));
        return bytes;
    }
}
