// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>What arrays are made of and put together from, and what is refused, with nothing written.</summary>
public class RaidAssemblyTests
{
    private const ulong Size = (2UL << 20) + (64 << 10);

    [Theory]
    [InlineData(RaidLevel.Raid5)]
    [InlineData(RaidLevel.Raid10)]
    public void MembersArePlacedByRoleInWhateverOrder(RaidLevel level)
    {
        using RaidRig rig = new(1);
        BlockDevice[] devices = rig.Devices(4, Size);
        byte[] data = Fill(rig, level, devices);
        byte[][] before = Snapshot(rig);
        RaidArray again = rig.Assemble([devices[2], devices[0], devices[3], devices[1]]);
        Assert.Equal(devices, again.Members.Select(static member => member.Device));
        Assert.Equal(RaidState.Healthy, again.State);
        rig.Check(again, data, "assembled");
        AssertUnchanged(rig, before);
    }

    [Fact]
    public void WhatIsWrongHasANameAndNothingIsWritten()
    {
        using RaidRig rig = new(2);
        BlockDevice[] devices = rig.Devices(4, Size);
        Fill(rig, RaidLevel.Raid5, devices);
        BlockDevice[] others = rig.Devices(3, Size);
        using (RaidArray other = rig.Create(RaidRig.Options(RaidLevel.Raid5) with { Name = "md1", Id = new("11111111-89ab-cdef-0123-456789abcdef") }, others))
        {
        }

        BlockDevice blank = rig.Device(Size);
        SlowDevice readOnly = new(devices[3], rig.Random) { IsReadOnlyNow = true };
        SlowDevice twin = new(devices[1], rig.Random);
        byte[][] before = Snapshot(rig);
        Refused(rig, Errno.EINVAL, "given as member 0", new() { RolesAsGiven = true }, devices[1], devices[0], devices[2], devices[3]);
        Refused(rig, Errno.EINVAL, "belongs to array md1", new() { Id = RaidRig.Options(RaidLevel.Raid5).Id }, devices[0], devices[1], devices[2], others[0]);
        Refused(rig, Errno.EINVAL, "belongs to array", new(), devices[0], devices[1], devices[2], others[0]);
        Refused(rig, Errno.EINVAL, "given twice", new(), devices[0], devices[1], devices[1], devices[3]);
        Refused(rig, Errno.EEXIST, "both have role 1", new(), devices[0], devices[1], twin, devices[3]);
        Refused(rig, Errno.ENODATA, "pmem7 holds no superblock", new(), devices[0], devices[1], devices[2], blank);
        Refused(rig, Errno.EROFS, "pmem3 is read-only", new() { AllowDegraded = true }, devices[0], devices[1], devices[2], readOnly);
        Refused(rig, Errno.ENODEV, "member 2: no device was given", new(), devices[0], devices[1], devices[3]);
        Refused(rig, Errno.ENODEV, "too few members", new() { AllowDegraded = true }, devices[0], devices[3]);
        Refused(rig, Errno.ENODEV, "no device holds", new());
        AssertUnchanged(rig, before);
    }

    [Fact]
    public void ADamagedSuperblockIsNamedAndItsTwinWillDo()
    {
        using RaidRig rig = new(3);
        BlockDevice[] devices = rig.Devices(3, Size);
        byte[] data = Fill(rig, RaidLevel.Raid5, devices);
        Assert.Equal(Errno.None, rig.Media[1].TryWrite(100, [1, 2, 3]));
        rig.Check(rig.Assemble(devices), data, "with the second superblock");
        rig.Media[1].Errors.Inject(0, 512);
        rig.Check(rig.Assemble(devices), data, "with a lost block");
        Assert.Equal(Errno.None, rig.Media[1].TryWrite(4096 + 100, [1, 2, 3]));
        byte[][] before = Snapshot(rig);
        Refused(rig, Errno.EUCLEAN, "pmem1: both superblocks are damaged", new(), devices);
        AssertUnchanged(rig, before);
        RaidArray degraded = rig.Assemble(devices, degraded: true);
        Assert.Equal(RaidMemberState.Missing, degraded.Members[1].State);
        rig.Check(degraded, data, "without the damaged member");
    }

    [Fact]
    public void AStaleMemberIsNeverUsed()
    {
        using RaidRig rig = new(4);
        BlockDevice[] devices = rig.Devices(3, Size);
        byte[] data = Fill(rig, RaidLevel.Raid5, devices);
        RaidArray degraded = rig.Assemble([devices[0], devices[2]], degraded: true);
        byte[] news = rig.RandomBytes(data.Length);
        Assert.Equal(BlockStatus.Ok, rig.Write(degraded, 0, news));
        Assert.Equal(Errno.None, degraded.TryStop(out _));
        Refused(rig, Errno.EUCLEAN, "pmem1 is stale", new(), devices);
        RaidArray again = rig.Assemble(devices, degraded: true);
        Assert.Null(again.Members[1].Device);
        rig.Check(again, news, "without the stale member");
        Assert.Equal(Errno.None, again.TryReplace(1, devices[1], overwrite: false, out string reason));
        Assert.Equal(Errno.None, again.RebuildStep(ulong.MaxValue, out _, out reason));
        Assert.Equal(Errno.None, again.TryStop(out reason));
        rig.Check(rig.Assemble(devices), news, "with the member put back");
    }

    [Fact]
    public void AMemberFromABackupIsStaleThoughNobodyFailedIt()
    {
        using RaidRig rig = new(5);
        BlockDevice[] devices = rig.Devices(2, Size);
        Fill(rig, RaidLevel.Raid1, devices);
        byte[] backup = new byte[rig.Media[1].Length];
        Assert.Equal(Errno.None, rig.Media[1].TryRead(0, backup));
        RaidArray array = rig.Assemble(devices);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, rig.RandomBytes(4096)));
        Assert.Equal(Errno.None, array.TryStop(out _));
        Assert.Equal(Errno.None, rig.Media[1].TryWrite(0, backup));
        Refused(rig, Errno.EUCLEAN, "pmem1 is stale", new(), devices);
    }

    [Fact]
    public void TwoHistoriesAreRefused()
    {
        using RaidRig rig = new(6);
        BlockDevice[] devices = rig.Devices(2, Size);
        Fill(rig, RaidLevel.Raid1, devices);
        foreach (BlockDevice alone in devices)
        {
            RaidArray half = rig.Assemble([alone], degraded: true);
            Assert.Equal(Errno.None, half.TryStop(out _));
        }

        Refused(rig, Errno.EUCLEAN, "they ran apart", new(), devices);
    }

    [Fact]
    public void AMemberThatShrankIsNamed()
    {
        using RaidRig rig = new(7);
        BlockDevice[] devices = [rig.Device(Size), rig.Device(Size), rig.Device(Size + 4096)];
        Fill(rig, RaidLevel.Raid5, devices);
        DaxBlockDevice shorter = new(new MediaDaxDevice(new MediaSlice("pmem2", rig.Media[2], 0, Size), new(0x7000_0000)), rig.Bytes);
        Refused(rig, Errno.ENXIO, "when it became a member", new(), devices[0], devices[1], shorter);
    }

    [Fact]
    public void CreationRefusesWhatWillNotDoAndTakesNothingFromOthersUnasked()
    {
        using RaidRig rig = new(8);
        BlockDevice[] devices = rig.Devices(3, Size);
        RaidOptions options = RaidRig.Options(RaidLevel.Raid5);
        using (RaidArray first = rig.Create(options, devices))
        {
        }

        byte[][] before = Snapshot(rig);
        NotMade(rig, Errno.EEXIST, "say overwrite", options with { Id = Guid.Empty }, devices);
        NotMade(rig, Errno.EINVAL, "4 to", options with { Level = RaidLevel.Raid6, Overwrite = true }, devices);
        NotMade(rig, Errno.EINVAL, "given twice", options with { Overwrite = true }, devices[0], devices[1], devices[0]);
        NotMade(rig, Errno.ENOSPC, "has 1048576 bytes", options with { Overwrite = true }, devices[0], devices[1], rig.Device(1 << 20));
        NotMade(rig, Errno.EROFS, "read-only", options with { Overwrite = true }, devices[0], devices[1], new SlowDevice(devices[2], rig.Random) { IsReadOnlyNow = true });
        NotMade(rig, Errno.EINVAL, "slots", options with { Overwrite = true, StripeSlots = 0 }, devices);
        AssertUnchanged(rig, before);
        using RaidArray second = rig.Create(options with { Overwrite = true, Id = Guid.Empty }, devices);
        Assert.Equal(Guid.Empty, second.Id);
    }

    [Fact]
    public void TheSmallestMemberCountsAndTheRestIsReported()
    {
        using RaidRig rig = new(9);
        RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid5), [rig.Device(Size), rig.Device(Size + 8192), rig.Device(Size + 4096)]);
        Assert.Equal(64UL << 10, array.Geometry.MemberBytes);
        Assert.Equal([0UL, 8192UL, 4096UL], array.Members.Select(static member => member.WastedBytes));
        Assert.Equal(0UL, array.DataOffset % PageSize.Size2M);
    }

    [Fact]
    public void AnArrayThatWasNotStoppedStartsOnlyIfItMayRecover()
    {
        using RaidRig rig = new(10);
        BlockDevice[] devices = rig.Devices(3, Size);
        using (RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid5), devices))
        {
            Assert.Equal(BlockStatus.Ok, rig.Write(array, 512, rig.RandomBytes(512)));
        }

        byte[][] before = Snapshot(rig);
        Refused(rig, Errno.EUCLEAN, "was not stopped", new(), devices);
        AssertUnchanged(rig, before);
        Assert.Equal(1, rig.Assemble(devices, RaidRecovery.Now).ReplayedWrites);
    }

    internal static byte[] Fill(RaidRig rig, RaidLevel level, BlockDevice[] devices)
    {
        using RaidArray array = rig.Create(RaidRig.Options(level), devices);
        byte[] data = rig.RandomBytes((int)array.Geometry.ArrayBytes);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, data));
        Assert.Equal(Errno.None, array.TryStop(out _));
        return data;
    }

    private static void Refused(RaidRig rig, Errno errno, string reason, RaidAssembly how, params BlockDevice[] devices)
    {
        Errno actual = RaidArray.TryAssemble(how, devices, rig.Host, out RaidArray? array, out string why);
        Assert.True(errno == actual, $"{actual}: {why}");
        Assert.Null(array);
        Assert.Contains(reason, why, StringComparison.Ordinal);
    }

    private static void NotMade(RaidRig rig, Errno errno, string reason, RaidOptions options, params BlockDevice[] devices)
    {
        Errno actual = RaidArray.TryCreate(options, devices, rig.Host, out RaidArray? array, out string why);
        Assert.True(errno == actual, $"{actual}: {why}");
        Assert.Null(array);
        Assert.Contains(reason, why, StringComparison.Ordinal);
    }

    private static byte[][] Snapshot(RaidRig rig) => [.. rig.Media.Select(static medium =>
    {
        byte[] bytes = new byte[medium.Length];
        medium.TryRead(0, bytes);
        return bytes;
    })];

    private static void AssertUnchanged(RaidRig rig, byte[][] before)
    {
        byte[][] now = Snapshot(rig);
        for (int i = 0; i < before.Length; i++)
        {
            Assert.True(before[i].AsSpan().SequenceEqual(now[i]), $"{rig.Media[i].Name} was written");
        }
    }
}
