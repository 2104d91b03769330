// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>The mapping against one that deals chunks out like cards.</summary>
public class RaidGeometryTests
{
    public static TheoryData<RaidLevel, int, uint, int> Shapes()
    {
        TheoryData<RaidLevel, int, uint, int> shapes = [];
        foreach (uint chunk in new uint[] { 4096, 16384 })
        {
            for (int members = 1; members <= 7; members++)
            {
                shapes.Add(RaidLevel.Raid0, members, chunk, 1);
                shapes.Add(RaidLevel.Raid1, members, chunk, members);
            }

            for (int members = 3; members <= 7; members++)
            {
                shapes.Add(RaidLevel.Raid5, members, chunk, 1);
                shapes.Add(RaidLevel.Raid10, members, chunk, 2);
                shapes.Add(RaidLevel.Raid10, members, chunk, 3);
            }

            shapes.Add(RaidLevel.Raid6, 4, chunk, 1);
            shapes.Add(RaidLevel.Raid6, 5, chunk, 1);
            shapes.Add(RaidLevel.Raid6, 8, chunk, 1);
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void R86a_EveryChunkIsWhereDealingItOutPutsIt(RaidLevel level, int members, uint chunk, int copies)
    {
        RaidGeometry geometry = Make(level, members, chunk, copies, (11 * chunk) + 512);
        Assert.Equal(11UL * chunk, geometry.MemberBytes);
        Dictionary<(int Member, ulong Row), (ulong Chunk, int Copy)> dealt = Deal(geometry);
        foreach (((int member, ulong row), (ulong index, int copy)) in dealt)
        {
            ulong into = (index * 37 * 512) % chunk;
            RaidLocation at = geometry.Locate((index * chunk) + into, copy);
            Assert.Equal((member, (row * chunk) + into), (at.Member, at.Offset));
            Assert.True(geometry.TryFind(member, (row * chunk) + into, out ulong offset, out int found));
            Assert.Equal(((index * chunk) + into, copy), (offset, found));
        }

        Assert.Equal(geometry.ArrayBytes / chunk * (ulong)geometry.Copies, (ulong)dealt.Count);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void R85a_WhatHoldsNoDataIsFoundNowhere(RaidLevel level, int members, uint chunk, int copies)
    {
        RaidGeometry geometry = Make(level, members, chunk, copies, 9 * chunk);
        Dictionary<(int Member, ulong Row), (ulong Chunk, int Copy)> dealt = Deal(geometry);
        for (int member = 0; member < members; member++)
        {
            for (ulong row = 0; row < geometry.Rows + 2; row++)
            {
                Assert.Equal(dealt.ContainsKey((member, row)), geometry.TryFind(member, row * chunk, out _, out _));
            }
        }

        Assert.False(geometry.TryFind(members, 0, out _, out _));
        Assert.False(geometry.TryFind(-1, 0, out _, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => geometry.Locate(geometry.ArrayBytes));
    }

    [Fact]
    public void R86a_Raid5RotatesLeftSymmetrically()
    {
        // Five members, first rows as they are drawn in every manual: D0 D1 D2 D3 P, D5 D6 D7 P D4, D10 D11 P D8 D9.
        RaidGeometry geometry = Make(RaidLevel.Raid5, 5, 4096, 1, 5 * 4096);
        int[] members = [.. Enumerable.Range(0, 12).Select(chunk => geometry.Locate((ulong)chunk * 4096).Member)];
        Assert.Equal([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1], members);
        Assert.Equal([4, 3, 2, 1, 0], Enumerable.Range(0, 5).Select(row => geometry.MemberAt((ulong)row, 4)));
    }

    [Fact]
    public void R86a_Raid6PutsQBehindP()
    {
        RaidGeometry geometry = Make(RaidLevel.Raid6, 5, 4096, 1, 5 * 4096);
        Assert.Equal([4, 3, 2, 1, 0], Enumerable.Range(0, 5).Select(row => geometry.MemberAt((ulong)row, 3)));
        Assert.Equal([0, 4, 3, 2, 1], Enumerable.Range(0, 5).Select(row => geometry.MemberAt((ulong)row, 4)));
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(position => geometry.MemberAt(0, position)));
    }

    [Fact]
    public void ARunEndsWhereTheNextChunkIsElsewhere()
    {
        SeededRandom random = new(5);
        foreach (object[] shape in Shapes())
        {
            RaidGeometry geometry = Make((RaidLevel)shape[0], (int)shape[1], (uint)shape[2], (int)shape[3], 6 * (uint)shape[2]);
            for (int i = 0; i < 50; i++)
            {
                ulong offset = random.Below(geometry.ArrayBytes);
                RaidLocation at = geometry.Locate(offset);
                RaidLocation last = geometry.Locate(offset + at.Length - 1);
                Assert.Equal((at.Member, at.Offset + at.Length - 1), (last.Member, last.Offset));
            }
        }
    }

    [Theory]
    [InlineData(RaidLevel.Raid5, 2, 4096, 1, 1 << 20, Errno.EINVAL, "3 to")]
    [InlineData(RaidLevel.Raid6, 3, 4096, 1, 1 << 20, Errno.EINVAL, "4 to")]
    [InlineData(RaidLevel.Raid10, 2, 4096, 3, 1 << 20, Errno.EINVAL, "3 to")]
    [InlineData(RaidLevel.Raid10, 4, 4096, 1, 1 << 20, Errno.EINVAL, "one copy is RAID-0")]
    [InlineData(RaidLevel.Raid0, 0, 4096, 1, 1 << 20, Errno.EINVAL, "1 to")]
    [InlineData(RaidLevel.Raid0, 33, 4096, 1, 1 << 20, Errno.EINVAL, "33")]
    [InlineData((RaidLevel)4, 3, 4096, 1, 1 << 20, Errno.EINVAL, "level 4")]
    [InlineData(RaidLevel.Raid0, 3, 5000, 1, 1 << 20, Errno.EINVAL, "power of two")]
    [InlineData(RaidLevel.Raid0, 3, 2048, 1, 1 << 20, Errno.EINVAL, "power of two")]
    [InlineData(RaidLevel.Raid0, 3, 8192, 1, 8191, Errno.ENOSPC, "no chunk")]
    public void AShapeTheLevelDoesNotHaveIsRefusedWithAReason(RaidLevel level, int members, uint chunk, int copies, ulong bytes, Errno errno, string reason)
    {
        Assert.Equal(errno, RaidGeometry.TryCreate(level, members, chunk, copies, bytes, out RaidGeometry? geometry, out string why));
        Assert.Null(geometry);
        Assert.Contains(reason, why, StringComparison.Ordinal);
    }

    private static RaidGeometry Make(RaidLevel level, int members, uint chunk, int copies, ulong bytes)
    {
        Assert.Equal(Errno.None, RaidGeometry.TryCreate(level, members, chunk, copies, bytes, out RaidGeometry? geometry, out string reason));
        Assert.Empty(reason);
        return geometry!;
    }

    /// <summary>Deals chunks out: copies from left to right, row after row; with parity, the places of P (and Q after it) walk to the left and data follows them around.</summary>
    private static Dictionary<(int Member, ulong Row), (ulong Chunk, int Copy)> Deal(RaidGeometry geometry)
    {
        Dictionary<(int Member, ulong Row), (ulong Chunk, int Copy)> dealt = [];
        int members = geometry.Members;
        ulong chunk = 0;
        int copy = 0;
        int parityAt = members - 1;
        for (ulong row = 0; row < geometry.Rows; row++)
        {
            int parities = geometry.Parities;
            for (int i = parities; i < members; i++)
            {
                int member = parities == 0 ? i : (parityAt + i) % members;
                dealt[(member, row)] = (chunk, copy);
                copy = (copy + 1) % geometry.Copies;
                chunk += copy == 0 ? 1UL : 0;
            }

            parityAt = (parityAt + members - 1) % members;
        }

        foreach (KeyValuePair<(int Member, ulong Row), (ulong Chunk, int Copy)> card in dealt.Where(card => copy != 0 && card.Value.Chunk == chunk).ToArray())
        {
            dealt.Remove(card.Key); // the last chunk did not get all its copies
        }

        return dealt;
    }
}
