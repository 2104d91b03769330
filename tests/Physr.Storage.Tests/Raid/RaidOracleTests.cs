// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Block;
using Physr.Machine.Simulation;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Arrays of every level against one array of bytes: random reads and writes, members lost, replaced and rebuilt in between.</summary>
public class RaidOracleTests
{
    public static TheoryData<RaidLevel, int, uint, int, bool> Shapes()
    {
        TheoryData<RaidLevel, int, uint, int, bool> shapes = [];
        foreach (bool isSlow in new[] { false, true })
        {
            shapes.Add(RaidLevel.Raid0, 1, 4096, 1, isSlow);
            shapes.Add(RaidLevel.Raid0, 3, 8192, 1, isSlow);
            shapes.Add(RaidLevel.Raid1, 2, 4096, 2, isSlow);
            shapes.Add(RaidLevel.Raid1, 3, 65536, 3, isSlow);
            shapes.Add(RaidLevel.Raid10, 4, 4096, 2, isSlow);
            shapes.Add(RaidLevel.Raid10, 5, 16384, 2, isSlow);
            shapes.Add(RaidLevel.Raid10, 5, 4096, 3, isSlow);
            shapes.Add(RaidLevel.Raid5, 3, 4096, 1, isSlow);
            shapes.Add(RaidLevel.Raid5, 5, 16384, 1, isSlow);
            shapes.Add(RaidLevel.Raid5, 4, 131072, 1, isSlow);
            shapes.Add(RaidLevel.Raid6, 4, 4096, 1, isSlow);
            shapes.Add(RaidLevel.Raid6, 6, 8192, 1, isSlow);
        }

        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void R86a_AnArrayIsItsBytesWhateverIsLost(RaidLevel level, int members, uint chunk, int copies, bool isSlow)
    {
        for (ulong seed = 1; seed <= 2; seed++)
        {
            using RaidRig rig = new((seed * 1000) + (ulong)members);
            RaidOptions options = RaidRig.Options(level, chunk) with { Copies = Math.Max(copies, 2) };
            BlockDevice[] devices = [.. Enumerable.Range(0, members).Select(_ => Make(rig, isSlow))];
            RaidArray array = rig.Create(options, devices);
            byte[] oracle = new byte[array.Geometry.ArrayBytes];
            Storm(rig, array, oracle, isSlow, $"seed {seed}");
            rig.Check(array, oracle, $"seed {seed}: at the end");
        }
    }

    private static BlockDevice Make(RaidRig rig, bool isSlow)
    {
        BlockDevice device = rig.Device((4UL << 20) + (512UL << 10) + (rig.Random.Below(8) * 512));
        return isSlow ? new SlowDevice(device, rig.Random) : device;
    }

    private static void Storm(RaidRig rig, RaidArray array, byte[] oracle, bool isSlow, string what)
    {
        int lost = 0;
        SeededRandom random = rig.Random;
        for (int step = 0; step < 80; step++)
        {
            ulong choice = random.Below(20);
            string here = $"{what}, step {step}";
            if (choice == 0 && lost < array.Geometry.Tolerates)
            {
                int role = (int)random.Below((ulong)array.Members.Count);
                lost += array.Fail(role, out _) == Errno.None ? 1 : 0;
            }
            else if (choice == 1 && array.Members.FirstOrDefault(static member => member.State == RaidMemberState.Failed) is { } failed)
            {
                Errno errno = array.TryReplace(failed.Role, Make(rig, isSlow), overwrite: false, out string reason);
                Assert.True(errno == Errno.None, $"{here}: {errno} {reason}");
            }
            else if (choice <= 3)
            {
                Errno errno = array.RebuildStep(random.Below(1 << 20), out _, out string reason);
                Assert.True(errno == Errno.None, $"{here}: {errno} {reason}");
                lost = array.Members.Count(static member => member.State != RaidMemberState.InSync);
            }
            else if (choice <= 5)
            {
                Assert.Equal(BlockStatus.Ok, array.Execute(new(BioOperation.Flush, 0, 0UL)));
            }
            else
            {
                Access(rig, array, oracle, choice, here);
            }
        }
    }

    private static void Access(RaidRig rig, RaidArray array, byte[] oracle, ulong choice, string here)
    {
        ulong sectors = array.Sectors;
        ulong most = Math.Min(sectors, choice > 16 ? 2048UL : 24);
        int bytes = (int)(1 + rig.Random.Below(most)) * 512;
        ulong offset = rig.Random.Below(sectors - ((ulong)bytes >> 9) + 1) * 512;
        if (choice == 6)
        {
            Assert.Equal(BlockStatus.Ok, array.Execute(new(BioOperation.WriteZeroes, offset >> 9, (ulong)bytes >> 9)));
            oracle.AsSpan((int)offset, bytes).Clear();
        }
        else if (choice % 2 == 0)
        {
            byte[] read = new byte[bytes];
            BlockStatus status = rig.Read(array, offset, read);
            Assert.True(status == BlockStatus.Ok, $"{here}: read {offset}+{bytes} ended with {status}; {array.FailureReason}");
            Assert.True(read.AsSpan().SequenceEqual(oracle.AsSpan((int)offset, bytes)), $"{here}: read {offset}+{bytes} differs");
        }
        else
        {
            byte[] data = rig.RandomBytes(bytes);
            BioFlags flags = rig.Random.Below(4) == 0 ? BioFlags.ForceUnitAccess | BioFlags.PreFlush : BioFlags.None;
            BlockStatus status = array.Execute(rig.WriteBio(offset, data, flags));
            Assert.True(status == BlockStatus.Ok, $"{here}: write {offset}+{bytes} ended with {status}; {array.FailureReason}");
            data.CopyTo(oracle.AsSpan((int)offset));
        }
    }
}
