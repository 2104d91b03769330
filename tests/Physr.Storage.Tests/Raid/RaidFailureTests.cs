// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Memory;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Members that fail: in single blocks, altogether, and in the middle of things.</summary>
public class RaidFailureTests
{
    private const ulong Size = (2UL << 20) + (64 << 10);

    [Theory]
    [InlineData(RaidLevel.Raid1, 2)]
    [InlineData(RaidLevel.Raid10, 4)]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 4)]
    public void ALostBlockIsReadFromTheOthersAndWrittenBack(RaidLevel level, int members)
    {
        using RaidRig rig = new(1);
        BlockDevice[] devices = rig.Devices(members, Size);
        byte[] data = RaidAssemblyTests.Fill(rig, level, devices);
        RaidArray array = rig.Assemble(devices);
        RaidLocation at = array.Geometry.Locate(8192);
        rig.Media[at.Member].Errors.Inject(array.DataOffset + at.Offset, 1024);
        rig.Check(array, data, "with a lost block");
        Assert.Equal(RaidState.Healthy, array.State);
        Assert.True(rig.Media[at.Member].Errors.IsEmpty || level is RaidLevel.Raid1 or RaidLevel.Raid10);
        array.Scrub(repair: false);
        Assert.True(rig.Media[at.Member].Errors.IsEmpty);
        Assert.Equal(1, array.Members[at.Member].Corrected);
    }

    [Fact]
    public void MoreLostThanTheLevelBearsIsAMediumErrorAndCostsNoMember()
    {
        using RaidRig rig = new(2);
        BlockDevice[] devices = rig.Devices(3, Size);
        RaidAssemblyTests.Fill(rig, RaidLevel.Raid5, devices);
        RaidArray array = rig.Assemble(devices);
        rig.Media[0].Errors.Inject(array.DataOffset, 512);
        rig.Media[1].Errors.Inject(array.DataOffset, 512);
        Assert.Equal(BlockStatus.Medium, rig.Read(array, 0, new byte[512]));
        Assert.Equal(RaidState.Healthy, array.State);
        Assert.Equal(1UL << 12, array.Scrub(repair: true).UnreadableBytes);

        // A write of all of it needs nothing of what is lost.
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, rig.RandomBytes(8192)));
        Assert.Equal(BlockStatus.Ok, rig.Read(array, 0, new byte[8192]));
    }

    [Theory]
    [InlineData(RaidLevel.Raid1, 3, 2)]
    [InlineData(RaidLevel.Raid10, 4, 1)]
    [InlineData(RaidLevel.Raid5, 4, 1)]
    [InlineData(RaidLevel.Raid6, 5, 2)]
    public void AMemberThatCannotWriteIsOutAndNothingIsLostUntilOneTooMany(RaidLevel level, int members, int bears)
    {
        using RaidRig rig = new(3);
        SlowDevice[] devices = [.. rig.Devices(members, Size).Select(device => new SlowDevice(device, rig.Random))];
        RaidArray array = rig.Create(RaidRig.Options(level), devices);
        byte[] oracle = new byte[array.Geometry.ArrayBytes];
        for (int lost = 0; lost <= members; lost++)
        {
            byte[] data = rig.RandomBytes(oracle.Length);
            BlockStatus status = rig.Write(array, 0, data);
            if (lost > bears)
            {
                Assert.Equal(RaidState.Failed, array.State);
                Assert.Equal(BlockStatus.IoError, status);
                Assert.Contains($"member {lost - 1} (pmem{lost - 1})", array.FailureReason, StringComparison.Ordinal);
                Assert.Equal(BlockStatus.IoError, rig.Write(array, 0, new byte[512]));
                return;
            }

            Assert.Equal(BlockStatus.Ok, status);
            rig.Check(array, data, $"{lost} lost");
            Assert.Equal(lost == 0 ? RaidState.Healthy : RaidState.Degraded, array.State);
            devices[lost].Fault = static bio => bio.Operation == BioOperation.Read ? BlockStatus.Ok : BlockStatus.IoError;
        }

        Assert.Fail("the array never failed");
    }

    [Fact]
    public void AWriteThatMissedAMemberIsNotAcknowledgedBeforeTheOthersKnow()
    {
        using RaidRig rig = new(4);
        SlowDevice[] devices = [.. rig.Devices(3, Size).Select(device => new SlowDevice(device, rig.Random))];
        RaidArray array = rig.Create(RaidRig.Options(RaidLevel.Raid5), devices);
        byte[] data = rig.RandomBytes((int)array.Geometry.ArrayBytes);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, data));

        // One piece of one row, and nothing after it that would tell the others in passing.
        ulong start = array.DataOffset >> Bio.SectorShift;
        devices[1].Fault = bio => bio.Operation == BioOperation.Read || bio.Sector < start ? BlockStatus.Ok : BlockStatus.Offline;
        byte[] news = rig.RandomBytes(512);
        news.CopyTo(data, 4096);
        Assert.Equal(1, array.Geometry.Locate(4096).Member);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 4096, news));

        // The power fails right now; the member is back afterwards.
        devices[1].Fault = static _ => BlockStatus.Ok;
        Assert.Equal(Errno.EUCLEAN, RaidArray.TryAssemble(new() { Recovery = RaidRecovery.Now }, devices, rig.Host, out _, out string reason));
        Assert.Contains("pmem1 is stale", reason, StringComparison.Ordinal);
        rig.Check(rig.Assemble(devices, RaidRecovery.Now, degraded: true), data, "without the member that missed it");
    }

    [Theory]
    [InlineData(RaidLevel.Raid6, 5, Errno.None)]
    [InlineData(RaidLevel.Raid5, 4, Errno.EIO)]
    public void ASecondLossDuringARebuild(RaidLevel level, int members, Errno expected)
    {
        using RaidRig rig = new(5);
        SlowDevice[] devices = [.. rig.Devices(members, Size).Select(device => new SlowDevice(device, rig.Random))];
        RaidArray array = rig.Create(RaidRig.Options(level), devices);
        byte[] data = rig.RandomBytes((int)array.Geometry.ArrayBytes);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 0, data));
        Assert.Equal(Errno.None, array.Fail(2, out _));
        Assert.Equal(Errno.None, array.TryReplace(2, rig.Device(Size), overwrite: false, out _));
        Assert.Equal(Errno.None, array.RebuildStep(20000, out RaidProgress progress, out _));
        Assert.InRange(progress.Done, 20000UL, 20480UL);
        devices[0].Fault = static _ => BlockStatus.Offline;
        Assert.Equal(expected, array.RebuildStep(ulong.MaxValue, out progress, out string reason));
        if (expected == Errno.None)
        {
            Assert.Equal(array.Geometry.MemberBytes, progress.Done);
            Assert.Equal(RaidMemberState.InSync, array.Members[2].State);
            Assert.Equal(RaidMemberState.Failed, array.Members[0].State);
            rig.Check(array, data, "rebuilt with one more lost");
        }
        else
        {
            Assert.Equal(RaidState.Failed, array.State);
            Assert.Contains("pmem0", reason, StringComparison.Ordinal);
            Assert.Equal(20480UL, array.Members[2].SyncedBytes);
        }
    }

    [Theory]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 4)]
    [InlineData(RaidLevel.Raid10, 5)]
    [InlineData(RaidLevel.Raid1, 2)]
    public void ARebuildGoesOnWhereThePowerFailed(RaidLevel level, int members)
    {
        using RaidRig rig = new(6);
        BlockDevice[] devices = rig.Devices(members, Size);
        byte[] data = RaidAssemblyTests.Fill(rig, level, devices);
        RaidArray array = rig.Assemble([.. devices.Skip(1)], degraded: true);
        devices[0] = rig.Device(Size);
        Assert.Equal(Errno.None, array.TryReplace(0, devices[0], overwrite: false, out _));
        Assert.Equal(Errno.None, array.RebuildStep(array.Geometry.MemberBytes / 2, out _, out _));
        byte[] news = rig.RandomBytes(512);
        news.CopyTo(data, 512);
        Assert.Equal(BlockStatus.Ok, rig.Write(array, 512, news));
        array.Dispose();

        RaidArray again = rig.Assemble(devices, RaidRecovery.Now);
        Assert.Equal(RaidMemberState.Rebuilding, again.Members[0].State);
        Assert.Equal(array.Geometry.MemberBytes / 2, again.Members[0].SyncedBytes);
        rig.Check(again, data, "half rebuilt");
        Assert.Equal(Errno.None, again.RebuildStep(ulong.MaxValue, out RaidProgress progress, out _));
        Assert.Equal(progress.Total, progress.Done);
        Assert.Equal(RaidState.Healthy, again.State);
        Assert.Empty(again.Scrub(repair: false).Mismatches);
        Assert.Equal(Errno.None, again.TryStop(out _));
        rig.Check(rig.Assemble(devices), data, "rebuilt");
    }

    [Theory]
    [InlineData(RaidLevel.Raid5, 3)]
    [InlineData(RaidLevel.Raid6, 4)]
    [InlineData(RaidLevel.Raid1, 2)]
    public void R91_EveryRequestToAMemberMayFailOnce(RaidLevel level, int members)
    {
        using NativeRam ram = new(new(new(0x1000_0000), 32UL << 20));
        MemoryMedia[] media = [.. Enumerable.Range(0, members).Select(static i => new MemoryMedia($"pmem{i}", Size))];
        FailNth.Repeat(
            50,
            gate =>
            {
                using RaidRig rig = new(7, ram) { Gate = gate };
                BlockDevice[] devices = [.. media.Select(medium => new SlowDevice(Fresh(rig, medium), rig.Random)
                {
                    Fault = bio => gate.TryPass("member request") ? BlockStatus.Ok : bio.Operation == BioOperation.Read ? BlockStatus.Medium : BlockStatus.IoError,
                })];
                return RunOnce(rig, level, devices);
            },
            static site => site == "member request");
        Array.ForEach(media, static medium => medium.Dispose());
    }

    private static DaxBlockDevice Fresh(RaidRig rig, MemoryMedia medium)
    {
        medium.WritableAt(0, PageSize.Size2M).Clear();
        medium.WritableAt(PageSize.Size2M, PageSize.Size2M).Clear();
        return rig.DeviceOver(medium);
    }

    private static bool RunOnce(RaidRig rig, RaidLevel level, BlockDevice[] devices)
    {
        if (RaidArray.TryCreate(RaidRig.Options(level), devices, rig.Host, out RaidArray? made, out string reason) != Errno.None)
        {
            Assert.NotEmpty(reason);
            Assert.Equal(0, rig.Outstanding);
            return false;
        }

        using RaidArray array = made!;
        byte[] oracle = new byte[array.Geometry.ArrayBytes];
        for (int i = 0; i < 5; i++)
        {
            byte[] data = rig.RandomBytes(512 * (1 + (i * 7)));
            int offset = i * 9 * 512;
            Assert.Equal(BlockStatus.Ok, rig.Write(array, (ulong)offset, data));
            data.CopyTo(oracle, offset);
        }

        rig.Check(array, oracle, "one request failed");
        Assert.NotEqual(RaidState.Failed, array.State);
        Assert.Empty(array.Scrub(repair: false).Mismatches);
        return array.TryStop(out _) == Errno.None;
    }
}
