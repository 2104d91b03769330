// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Scrubs find every difference, say where, and repair only when asked.</summary>
public class RaidScrubTests
{
    private const ulong Size = (2UL << 20) + (64 << 10);

    [Theory]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid1, 3)]
    [InlineData(RaidLevel.Raid10, 4)]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 4)]
    [InlineData(RaidLevel.Raid6, 6)]
    public void EveryWrongByteIsFoundAndRepairedWhenAsked(RaidLevel level, int members)
    {
        using RaidRig rig = new(1);
        BlockDevice[] devices = rig.Devices(members, Size);
        byte[] data = RaidAssemblyTests.Fill(rig, level, devices);
        RaidArray array = rig.Assemble(devices);
        Assert.Empty(array.Scrub(repair: false).Mismatches);
        for (int role = 0; role < members; role++)
        {
            ulong at = 4096 * (ulong)(2 + role);
            Flip(rig, array, role, at + 77);
            RaidScrubReport found = array.Scrub(repair: false);

            // A first copy that is wrong differs from each of the others.
            Assert.Equal(array.Geometry.Copies > 1 && role == 0 ? array.Geometry.Copies - 1 : 1, found.Mismatches.Count);
            RaidMismatch one = found.Mismatches[0];
            Assert.False(one.IsRepaired);
            Assert.Equal(4096UL, one.Length);
            if (array.Geometry.Parities != 0)
            {
                Assert.Equal(at, one.Offset);
                Assert.Equal(level == RaidLevel.Raid6 ? role : -1, one.Suspect);
            }
            else
            {
                Assert.True(array.Geometry.TryFind(role, at, out ulong offset, out int copy));
                Assert.Equal(offset, one.Offset);
                Assert.Equal(copy != 0, one.Suspect == role);
            }

            Assert.Equal(found.Mismatches, array.Scrub(repair: false).Mismatches);
            Assert.All(array.Scrub(repair: true).Mismatches, static each => Assert.True(each.IsRepaired));
            Assert.Empty(array.Scrub(repair: false).Mismatches);
        }

        if (level == RaidLevel.Raid6)
        {
            rig.Check(array, data, "one wrong member of each row was found and put right");
        }
    }

    [Fact]
    public void Raid6WithTwoWrongMembersBlamesNobodyAndKeepsTheData()
    {
        using RaidRig rig = new(2);
        BlockDevice[] devices = rig.Devices(6, Size);
        byte[] data = RaidAssemblyTests.Fill(rig, RaidLevel.Raid6, devices);
        RaidArray array = rig.Assemble(devices);
        Flip(rig, array, array.Geometry.MemberAt(0, 1), 5);
        Flip(rig, array, array.Geometry.MemberAt(0, 2), 6);
        Assert.Equal(-1, Assert.Single(array.Scrub(repair: true).Mismatches).Suspect);
        Assert.Empty(array.Scrub(repair: false).Mismatches);
        data[4096 + 5] ^= 0x55;
        data[8192 + 6] ^= 0x55;
        rig.Check(array, data, "the data as it was found");
    }

    [Fact]
    public void Raid6WithAMemberGoneStillComparesTheOtherParity()
    {
        using RaidRig rig = new(3);
        BlockDevice[] devices = rig.Devices(5, Size);
        RaidAssemblyTests.Fill(rig, RaidLevel.Raid6, devices);
        RaidArray array = rig.Assemble(devices);
        Assert.Equal(Errno.None, array.Fail(array.Geometry.MemberAt(0, 0), out _));
        Assert.Empty(array.Scrub(repair: false).Mismatches);
        Flip(rig, array, array.Geometry.MemberAt(0, 4), 9);
        Assert.Equal(0UL, Assert.Single(array.Scrub(repair: true).Mismatches).Offset);
        Assert.Empty(array.Scrub(repair: false).Mismatches);
    }

    [Fact]
    public void ProgressIsToldAndLostBlocksComeBack()
    {
        using RaidRig rig = new(4);
        BlockDevice[] devices = rig.Devices(3, Size);
        RaidAssemblyTests.Fill(rig, RaidLevel.Raid5, devices);
        RaidArray array = rig.Assemble(devices);
        rig.Media[2].Errors.Inject(array.DataOffset + 9000, 1);
        Steps steps = new();
        RaidScrubReport report = array.Scrub(repair: false, steps);
        Assert.Equal((1L, 64UL << 10, 0UL), (report.Corrected, report.CheckedBytes, report.UnreadableBytes));
        Assert.Equal(16, steps.Told.Count);
        Assert.Equal(new RaidProgress(64 << 10, 64 << 10), steps.Told[^1]);
        Assert.True(rig.Media[2].Errors.IsEmpty);
    }

    [Theory]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 4)]
    [InlineData(RaidLevel.Raid1, 3)]
    [InlineData(RaidLevel.Raid10, 5)]
    public void MembersWithOldBytesAreMadeToAgreeWhileTheArrayWorks(RaidLevel level, int members)
    {
        using RaidRig rig = new(5);
        BlockDevice[] devices = rig.Devices(members, Size);
        foreach (PersistentMemory medium in rig.Media)
        {
            Assert.Equal(Errno.None, medium.TryWrite(PageSize.Size2M, rig.RandomBytes(64 << 10)));
        }

        RaidArray array = rig.Create(RaidRig.Options(level) with { AssumeZeroed = false }, devices);
        Assert.True(array.NeedsResync);
        byte[] oracle = new byte[array.Geometry.ArrayBytes];
        Assert.Equal(BlockStatus.Ok, rig.Read(array, 0, oracle));
        for (int i = 0; array.NeedsResync; i++)
        {
            Assert.True(i < 100);
            byte[] news = rig.RandomBytes(1536);
            ulong offset = rig.Random.Below((ulong)(oracle.Length - news.Length) / 512) * 512;
            Assert.Equal(BlockStatus.Ok, rig.Write(array, offset, news));
            news.CopyTo(oracle.AsSpan((int)offset));
            Assert.Equal(Errno.None, array.ResyncStep(8192, out RaidProgress progress, out string reason));
            Assert.True(progress.Done <= progress.Total, reason);
            rig.Check(array, oracle, $"step {i}");
        }

        Assert.Empty(array.Scrub(repair: false).Mismatches);
        Assert.Equal(Errno.None, array.Fail(0, out _));
        rig.Check(array, oracle, "with one lost");
    }

    private static void Flip(RaidRig rig, RaidArray array, int role, ulong offset)
    {
        byte[] one = new byte[1];
        Assert.Equal(Errno.None, rig.Media[role].TryRead(array.DataOffset + offset, one));
        one[0] ^= 0x55;
        Assert.Equal(Errno.None, rig.Media[role].TryWrite(array.DataOffset + offset, one));
    }

    private sealed class Steps : IProgress<RaidProgress>
    {
        public List<RaidProgress> Told { get; } = [];

        public void Report(RaidProgress value) => Told.Add(value);
    }
}
