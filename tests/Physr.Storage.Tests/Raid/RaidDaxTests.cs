// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Memory;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Arrays of memory as memory: bytes, ranges, the way back, and what must not become visible.</summary>
public class RaidDaxTests
{
    private const ulong Size = (2UL << 20) + (64 << 10);

    [Theory]
    [InlineData(RaidLevel.Raid0, 3)]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid10, 5)]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 5)]
    public void R86a_BytesAreTheSameThroughBothDoorsWhateverIsLost(RaidLevel level, int members)
    {
        using RaidRig rig = new(1);
        RaidArray array = rig.Create(RaidRig.Options(level), rig.Devices(members, Size));
        IDaxDevice dax = array.Dax!;
        byte[] oracle = new byte[dax.Length];
        for (int step = 0; step < 150; step++)
        {
            int length = (int)rig.Random.Below(step % 10 == 0 ? 20000UL : 300);
            ulong offset = rig.Random.Below(dax.Length - (ulong)length + 1);
            byte[] data = rig.RandomBytes(length);
            if (step % 2 == 0)
            {
                Assert.Equal(Errno.None, dax.TryWrite(offset, data));
                Assert.Equal(Errno.None, dax.TryFlush(offset, (ulong)length));
                Assert.Equal(Errno.None, dax.TryFence());
                data.CopyTo(oracle.AsSpan((int)offset));
            }
            else
            {
                Assert.Equal(Errno.None, dax.TryRead(offset, data));
                Assert.True(data.AsSpan().SequenceEqual(oracle.AsSpan((int)offset, length)), $"step {step}: {offset}+{length} differs");
            }

            if (step == 70 && array.Geometry.Tolerates != 0)
            {
                Assert.Equal(Errno.None, array.Fail(members - 1, out _));
            }
        }

        rig.Check(array, oracle, "through the block layer");
        Assert.Equal(Errno.ENXIO, dax.TryRead(dax.Length - 1, new byte[2]));
        Assert.Equal(Errno.ENXIO, dax.TryWrite(dax.Length, new byte[1]));
        Assert.Equal(Errno.ENXIO, dax.TryFlush(dax.Length, 1));
    }

    [Theory]
    [InlineData(RaidLevel.Raid0, 3)]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid10, 4)]
    [InlineData(RaidLevel.Raid5, 4)]
    [InlineData(RaidLevel.Raid6, 5)]
    public void R85a_RangesHoldTheBytesAndLeadBack(RaidLevel level, int members)
    {
        using RaidRig rig = new(2);
        BlockDevice[] devices = rig.Devices(members, Size);
        RaidArray array = rig.Create(RaidRig.Options(level), devices);
        IDaxDevice dax = array.Dax!;
        byte[] data = rig.RandomBytes((int)dax.Length);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, data));
        if (array.Geometry.Copies > 1)
        {
            Assert.Equal(Errno.None, array.Fail(0, out _));
        }

        for (int i = 0; i < 40; i++)
        {
            ulong length = 1 + rig.Random.Below(30000);
            ulong offset = rig.Random.Below(dax.Length - length + 1);
            using RangeListBuilder builder = RangeListBuilder.Rent();
            Assert.Equal(Errno.None, dax.TryDirectAccess(offset, length, DirectAccess.Read, builder, out string reason));
            Assert.Empty(reason);
            RangeList ranges = builder.Build();
            byte[] seen = new byte[length];
            Assert.Equal(Errno.None, HostMemory.TryRead(rig.Bytes, ranges.All, seen));
            Assert.True(seen.AsSpan().SequenceEqual(data.AsSpan((int)offset, (int)length)));
            Assert.True(dax.TryFindOffset(ranges.Seek(length / 2).Range.Start, out ulong found));
            Assert.Equal(offset + (length / 2), found);
        }

        Assert.False(dax.TryFindOffset(new(0x10_0000_0000), out _), "a superblock is no data");
        Assert.False(dax.TryFindOffset(new(0x1000), out _));
    }

    [Fact]
    public void WritesPastTheArrayAreForStripesOnly()
    {
        using RaidRig rig = new(3);
        using RangeListBuilder builder = RangeListBuilder.Rent();
        foreach (RaidLevel level in new[] { RaidLevel.Raid1, RaidLevel.Raid5, RaidLevel.Raid6, RaidLevel.Raid10 })
        {
            RaidArray array = rig.Create(RaidRig.Options(level), rig.Devices(4, Size));
            Assert.Equal(Errno.EOPNOTSUPP, array.Dax!.TryDirectAccess(0, 4096, DirectAccess.Write, builder, out string reason));
            Assert.Contains("write through the array, or map it private or read-only", reason, StringComparison.Ordinal);
        }

        RaidArray stripes = rig.Create(RaidRig.Options(RaidLevel.Raid0), rig.Devices(4, Size));
        Assert.Equal(Errno.None, stripes.Dax!.TryDirectAccess(0, 16384, DirectAccess.Write, builder, out _));
        Assert.Equal(4, builder.EntryCount);
        Assert.Equal(Errno.ENXIO, stripes.Dax.TryDirectAccess(1, stripes.Dax.Length, DirectAccess.Read, builder, out _));
    }

    [Fact]
    public void R85a_BytesOnAMissingMemberHaveNoRangeButARead()
    {
        using RaidRig rig = new(4);
        RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid5), rig.Devices(3, Size));
        byte[] data = rig.RandomBytes(8192);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, data));
        int role = array.Geometry.Locate(4096).Member;
        Assert.Equal(Errno.None, array.Fail(role, out _));
        using RangeListBuilder builder = RangeListBuilder.Rent();
        builder.Append(new PhysicalRange(new(0x5000), 64));
        Assert.Equal(Errno.EIO, array.Dax!.TryDirectAccess(0, 8192, DirectAccess.Read, builder, out string reason));
        Assert.Contains($"member {role} (pmem{role}): Failed, which does not hold them; replace it and rebuild, or read through the array", reason, StringComparison.Ordinal);
        Assert.Equal(64UL, builder.Length);
        byte[] read = new byte[8192];
        Assert.Equal(Errno.None, array.Dax.TryRead(0, read));
        Assert.Equal(data, read);
    }

    [Theory]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid5, 3)]
    public void ClearingErrorsBringsBytesBackAndMakesZerosOfTheRest(RaidLevel level, int members)
    {
        using RaidRig rig = new(5);
        RaidArray array = rig.Create(RaidRig.Options(level), rig.Devices(members, Size));
        byte[] data = rig.RandomBytes((int)array.Geometry.ArrayBytes);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, data));
        RaidLocation at = array.Geometry.Locate(0);
        rig.Media[at.Member].Errors.Inject(array.DataOffset, 512);
        Assert.Equal(Errno.None, array.Dax!.TryClearErrors(0, 4096, out ulong cleared));
        Assert.Equal(0UL, cleared);
        rig.Check(array, data, "brought back");

        rig.Media[0].Errors.Inject(array.DataOffset + 512, 512);
        rig.Media[1].Errors.Inject(array.DataOffset + 512, 512);
        Assert.Equal(Errno.EIO, array.Dax.TryRead(512, new byte[8]));
        Assert.Equal(level == RaidLevel.Raid1 ? Errno.None : Errno.EIO, array.Dax.TryClearErrors(0, 4096, out cleared));
        if (level == RaidLevel.Raid1)
        {
            Assert.Equal(512UL, cleared);
            data.AsSpan(512, 512).Clear();
            rig.Check(array, data, "zeros");
        }
    }

    [Theory]
    [InlineData(RaidLevel.Raid0, 2)]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 4)]
    [InlineData(RaidLevel.Raid10, 4)]
    public void R86b_R87_NoPageDescriptorIsMadeAndNoneMeansHidden(RaidLevel level, int members)
    {
        using RaidRig rig = new(6);
        MemoryMap map = new();
        BlockDevice[] devices = rig.Devices(members, Size);
        RaidArray array = rig.Create(RaidRig.Options(level), devices);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, rig.RandomBytes((int)array.Geometry.ArrayBytes)));
        Assert.Equal(Errno.EOPNOTSUPP, array.CheckMmuMapping(map, 0, 16384, out string reason));
        Assert.Contains("Register page descriptors over the members' ranges, or keep the array hidden", reason, StringComparison.Ordinal);
        if (array.Geometry.Tolerates != 0)
        {
            Assert.Equal(Errno.None, array.Fail(1, out _));
            Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, rig.RandomBytes((int)array.Geometry.ArrayBytes)));
            Assert.Equal(Errno.None, array.TryReplace(1, rig.Device(Size), overwrite: false, out _));
            Assert.Equal(Errno.None, array.RebuildStep(ulong.MaxValue, out _, out _));
            Assert.Empty(array.Scrub(repair: true).Mismatches);
        }

        Assert.Equal(Errno.None, array.TryStop(out _));
        Assert.Equal(0, map.DescriptorCount);
        Assert.Equal(1, rig.Allocations);
    }

    [Theory]
    [InlineData(RaidLevel.Raid0)]
    [InlineData(RaidLevel.Raid1)]
    [InlineData(RaidLevel.Raid6)]
    public void ReadsOfAnArrayInSyncAllocateNothing(RaidLevel level)
    {
        using RaidRig rig = new(8);
        RaidArray array = rig.Create(RaidRig.Options(level), rig.Devices(4, Size));
        byte[] bytes = new byte[20000];
        Assert.Equal(0, AllocationProbe.Least(() => array.Dax!.TryRead(3000, bytes)));
        Assert.Equal(0, AllocationProbe.Least(() => array.Dax!.TryFindOffset(new(0x10_0000_0000 + array.DataOffset + 5000), out _)));
    }

    [Fact]
    public void R87_WithDescriptorsOverTheMembersTheArrayMayBeMapped()
    {
        using RaidRig rig = new(7);
        RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid0), rig.Devices(2, 4UL << 20));
        MemoryMap map = new();
        for (ulong i = 0; i < 2; i++)
        {
            PhysicalRange range = new(new(0x10_0000_0000 + (i << 30)), 4UL << 20);
            Pagemap pagemap = new() { Type = MemoryType.Generic, Owner = this };
            pagemap.Ranges.Add(range);
            Assert.Equal(Errno.None, map.Register(pagemap, out string why));
            Assert.Empty(why);
        }

        Assert.Equal(Errno.None, array.CheckMmuMapping(map, 0, 16384, out _));
    }
}
