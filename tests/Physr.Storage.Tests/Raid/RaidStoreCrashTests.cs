// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Dma.Block;
using Physr.Storage.Crash;
using Physr.Storage.Raid;

namespace Physr.Storage.Tests.Raid;

/// <summary>Stores of 8 bytes to an array that is memory, cut everywhere: what was made durable stays, the rest is old or new as a whole, and once seen does not change.</summary>
public class RaidStoreCrashTests
{
    private const int Units = 24;
    private const ulong Stride = 512 - 8;

    [Theory]
    [InlineData(RaidLevel.Raid0, 2, true)]
    [InlineData(RaidLevel.Raid1, 2, true)]
    [InlineData(RaidLevel.Raid10, 4, true)]
    [InlineData(RaidLevel.Raid5, 3, true)]
    [InlineData(RaidLevel.Raid1, 2, false)]
    public void AStoreOfEightBytesIsOldOrNewAndStaysSo(RaidLevel level, int members, bool isProtected)
    {
        using RaidRig rig = new(3);
        StoreTrace trace = new();
        TracedMedia[] media = [.. Enumerable.Range(0, members).Select(i => new TracedMedia($"pmem{i}", (2UL << 20) + (16 << 10), trace))];
        RaidArray array = rig.Create(RaidRig.Options(level), [.. media.Select(medium => rig.DeviceOver(medium))]);
        array.IsProtected = isProtected;
        array.LeastCleared = 1;
        trace.Begin();
        List<(int Unit, ulong Value)> stores = [];
        byte[] bytes = new byte[8];
        for (int i = 1; i <= 40; i++)
        {
            int unit = (int)rig.Random.Below(Units);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, ((ulong)i << 32) | ~(uint)i);
            trace.Mark((stores.Count, IsDurable: false));
            stores.Add((unit, BinaryPrimitives.ReadUInt64LittleEndian(bytes)));
            Assert.Equal(Errno.None, array.Dax!.TryWrite((ulong)unit * Stride, bytes));
            if (i % 5 == 0)
            {
                Assert.Equal(Errno.None, array.Dax.TryFlush(0, Units * Stride));
                Assert.Equal(Errno.None, array.Dax.TryFence());
                trace.Mark((stores.Count - 1, IsDurable: true));
            }

            if (i is 13 or 22 or 28)
            {
                Assert.Equal(BlockStatus.Ok, array.Execute(new(BioOperation.Flush, 0, 0UL)));
            }
        }

        CrashReport report = CrashStates.Run(trace, (point, images) => Check(rig, stores, point, images), new() { MostStates = 16, Samples = 2, Stride = level == RaidLevel.Raid5 ? 40 : 1 });
        Assert.True(report.Failure is null == isProtected, $"{report}");
    }

    private static string? Check(RaidRig owner, List<(int Unit, ulong Value)> stores, CrashPoint point, IReadOnlyList<PersistentMemory> images)
    {
        using RaidRig rig = new(1, owner.Ram);
        Errno errno = RaidArray.TryAssemble(new() { Recovery = RaidRecovery.Later }, [.. images.Select(image => rig.DeviceOver(image))], rig.Host, out RaidArray? array, out string reason);
        if (errno != Errno.None)
        {
            return reason;
        }

        using (array)
        {
            HashSet<ulong>[] allowed = [.. Enumerable.Range(0, Units).Select(static _ => new HashSet<ulong> { 0 })];
            for (int mark = 0; mark < point.MarkCount; mark++)
            {
                (int index, bool isDurable) = ((int, bool))point.MarkAt(mark);
                if (!isDurable)
                {
                    allowed[stores[index].Unit].Add(stores[index].Value);
                    continue;
                }

                for (int unit = 0; unit < Units; unit++)
                {
                    ulong last = stores.Take(index + 1).LastOrDefault(store => store.Unit == unit).Value;
                    allowed[unit].Clear();
                    allowed[unit].Add(last);
                }
            }

            ulong[] seen = [.. Enumerable.Range(0, Units).Select(unit => Read(array!, unit))];
            for (int unit = 0; unit < Units; unit++)
            {
                if (!allowed[unit].Contains(seen[unit]))
                {
                    return $"unit {unit} holds {seen[unit]:x}";
                }
            }

            array!.ResyncStep(ulong.MaxValue, out _, out _);
            return Enumerable.Range(0, Units).All(unit => Read(array, unit) == seen[unit]) && array.Scrub(repair: false).Mismatches.Count == 0 ? null : "a value changed, or copies differ";
        }
    }

    private static ulong Read(RaidArray array, int unit)
    {
        Span<byte> bytes = stackalloc byte[8];
        Assert.Equal(Errno.None, array.Dax!.TryRead((ulong)unit * Stride, bytes));
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
