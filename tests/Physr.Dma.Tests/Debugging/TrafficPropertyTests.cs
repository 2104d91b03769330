// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;
using static Physr.Dma.DmaDirection;

namespace Physr.Dma.Tests.Debugging;

public sealed class TrafficPropertyTests
{
    [Fact]
    public void R90_LegalTrafficHasNoFinding()
    {
        for (int seed = 0; seed < 30; seed++)
        {
            using DebugRig rig = new(static options => options with { CachelineBytes = 0 });
            LegalTraffic traffic = new(rig, seed);
            traffic.Run(400);
            Assert.True(rig.Reports.Count == 0, $"seed {seed}: {rig.Reports.FirstOrDefault()}");
            Assert.Equal(traffic.Live, rig.Debugger.Counters.Live);
            traffic.End();
            Assert.Empty(rig.Reports);
            Assert.Equal(0, rig.Debugger.Counters.Live);
            Assert.Empty(rig.Debugger.Leaks());
            rig.Rig.AssertIdle();
        }
    }

    [Fact]
    public void R90_TheTableAgreesWithAListOfRanges()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            Random random = new(seed);
            List<DmaDebugReport> reports = [];
            DmaDebugger debugger = new(new() { InitialEntries = 8, AllErrors = true, RequiresErrorChecks = false, RememberedUnmaps = 4 });
            debugger.Reported += reports.Add;
            DmaDevice device = new("d");
            List<(ulong Start, ulong Size, ulong Memory)> model = [];
            for (int step = 0; step < 400; step++)
            {
                reports.Clear();
                ulong start = (ulong)random.Next(64) << 12;
                ulong size = (ulong)random.Next(1, 4) << 12;
                switch (random.Next(3))
                {
                    case 0:
                        ulong memory = start + (ulong)(random.Next(2) * 0x100_0000);
                        bool overlaps = model.Exists(live => live.Start < start + size && start < live.Start + live.Size && live.Memory - live.Start != memory - start);
                        debugger.OnMap(device, DmaMapKind.Physical, new(new(start), size), new(memory), ToDevice);
                        Assert.True(overlaps == (reports.Count == 1), $"seed {seed} step {step}: map {start:x}+{size:x}");
                        model.Add((start, size, memory));
                        break;
                    case 1 when model.Count != 0:
                        (ulong Start, ulong Size, ulong Memory) victim = model[random.Next(model.Count)];
                        debugger.OnUnmap(device, DmaMapKind.Physical, new(victim.Start), victim.Size, ToDevice);
                        model.Remove(model.First(live => live.Start == victim.Start && live.Size == victim.Size));
                        Assert.True(reports.Count == 0, $"seed {seed} step {step}: unmap {victim.Start:x}");
                        break;
                    default:
                        bool[] isCovered = [.. Enumerable.Range(0, (int)size >> 12).Select(page => model.Exists(live => start + ((ulong)page << 12) - live.Start < live.Size))];
                        debugger.OnDeviceAccess(device, new(new(start), size), isWrite: false);
                        Assert.True(isCovered.All(static covered => covered) == (reports.Count == 0), $"seed {seed} step {step}: access {start:x}+{size:x}");
                        break;
                }

                Assert.Equal(model.Count, debugger.Counters.Live);
            }
        }
    }
}
