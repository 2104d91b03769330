// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Physr.Paging.Stores;
using Xunit.Abstractions;

namespace Physr.Paging.Live.Tests;

/// <summary>No pager is left, or none that can serve a region: what was put in reserve goes on, or whoever asks is told.</summary>
public sealed unsafe class LineEndTests(ITestOutputHelper output)
{
    private const ulong Length = 64 * 4096;
    private const int Seed = 1;

    [SkippableFact]
    public void AllPagersDieAtOnce_WhileACollectionWaitsForAThreadThatWaitsForAPage_AndTheReserveGoesOn()
    {
        LiveSystem.Require();
        const int rounds = 5;
        using Victim stormy = Victim.Start("stormy", $"seed={Seed}");
        int serving = 0;
        for (int round = 0; round < rounds; round++)
        {
            string line = "";
            PagerLine.WaitFor(() => (line = Array.Find(stormy.Lines[^Math.Min(1, stormy.Lines.Length)..], text => text != $"serving {serving}") ?? "").Length != 0, $"after {round} deaths it hangs: {string.Join(" / ", stormy.Lines)}");
            serving = int.Parse(line.AsSpan("serving ".Length), CultureInfo.InvariantCulture);
            int standby = PagerLine.WaitForStandby(serving);
            PagerLine.Kill(standby);
            PagerLine.Kill(serving);
        }

        PagerLine.WaitFor(() => stormy.Lines[^1] != $"serving {serving}", "after the last death it hangs");
        stormy.End();
        string last = stormy.Finish()[^1];
        output.WriteLine($"seed {Seed}: {last}");
        Assert.StartsWith("right ", last, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void TheReserveKnowsTheRegionsThatThereAre_AndAsManyMoreAsThereAreAreToldOf()
    {
        LiveSystem.Require();
        const int most = 400;
        using PagerHost pager = PagerHost.Start();
        List<DevicePrivateRegion> regions = [];
        DevicePrivateRegion New(ulong length) => DevicePrivateRegion.Create(length, RegionStore.Memory(length), 4 * 4096, new() { Pager = pager });
        for (int index = 0; index < 3; index++)
        {
            regions.Add(New(Length));
        }

        regions[1].Dispose();
        regions.RemoveAt(1);
        Assert.Equal(2, pager.ReservedRegions);
        for (int death = 0; death < 2; death++)
        {
            Shadow[] shadows = [.. regions.Select(region => new Shadow(region, Seed + (int)region.Id)).Take(death == 0 ? 2 : 0)];
            Array.ForEach(shadows, static shadow => shadow.Work(60));
            int serving = regions[0].Control.PagerId;
            PagerLine.Kill(PagerLine.WaitForStandby(serving));
            PagerLine.Kill(serving);
            Array.ForEach(shadows, static shadow => shadow.Work(60));
            Array.ForEach(shadows, static shadow => shadow.Check());
            PagerLine.WaitFor(() => regions.TrueForAll(region => region.Control.PagerId == pager.ProcessId && region.Control.PagerId != serving), "not all regions are served");
            PagerLine.WaitFor(() => pager.ReserveProcess is not null, "nothing is in reserve");
            if (death == 0)
            {
                // More than a queue takes.
                while (regions.Count < most)
                {
                    // SAFETY: the second page of a region that lives until the end of the test; so below.
                    regions.Add(New(16 * 4096));
                    regions[^1].Pointer[4096] = 7;
                }

                Assert.InRange(pager.ReservedRegions, 50, most);
            }
        }

        Assert.All(regions.Skip(2), static region => Assert.Equal(7, region.Pointer[4096]));
        Assert.Equal(2, pager.Restarts);
        regions.ForEach(static region => region.Dispose());
    }

    [SkippableFact]
    public void WhereNoPagerCanBeStartedAnyMore_WhoAsksIsTold_AndNobodyWaitsForEver()
    {
        LiveSystem.Require();
        using TemporaryFolder folder = new();
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "Physr.*").Where(static file => !Path.GetFileName(file).Contains("Tests", StringComparison.Ordinal)))
        {
            File.Copy(file, folder.File(Path.GetFileName(file)));
        }

        string program = folder.File("Physr.Pager.dll");
        using PagerHost pager = PagerHost.Start(new() { PagerPath = program, StartTimeout = TimeSpan.FromSeconds(5) });
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        region.Span(0, 1)[0] = 5;
        File.Delete(program);
        int serving = region.Control.PagerId;
        PagerLine.Kill(PagerLine.WaitForStandby(serving));
        PagerLine.Kill(serving);
        Assert.Equal(Errno.ENXIO, Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(4096, 1, LeaseAccess.Read)).Errno);
        Assert.Equal(RegionHealth.Failed, region.Health);
        Assert.Equal(Errno.ECONNRESET, Assert.Throws<DevicePrivateFaultException>(() => region.Persist()).Errno);
        Assert.Equal(5, region.Span(0, 1)[0]);
    }

    [SkippableFact]
    public void ARegionThatCannotBeTakenOverIsSaidToBeLost_AndTheOthersGoOn()
    {
        LiveSystem.Require();
        using TemporaryFolder folder = new();
        string path = folder.File("pages");
        using PagerHost pager = PagerHost.Start();

        // The one that is lost comes first: a pager tells of its regions in order.
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.File(path, Length, create: true, allowBuffered: true), 8 * 4096, new() { Pager = pager });
        using DevicePrivateRegion other = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = pager });
        Shadow shadow = new(other, Seed);
        shadow.Work(50);
        using (FileStream cut = new(path, FileMode.Open, FileAccess.Write))
        {
            cut.SetLength(4096);
        }

        for (int death = 0; death < 2; death++)
        {
            // Who takes the place of the one that waits is told of all regions anew, and that is none of them.
            int serving = other.Control.PagerId;
            int waiting = PagerLine.WaitForStandby(serving);
            PagerLine.Kill(waiting);
            PagerLine.WaitForStandby(serving, waiting);
            Assert.Equal(serving, other.Control.PagerId);
            PagerLine.Kill(serving);
            PagerLine.WaitFor(() => other.Control.PagerId != serving, "the other is not served");
            shadow.Work(50);
            PagerLine.WaitFor(() => region.Health == RegionHealth.Failed, "nobody says that it is lost");
        }

        DevicePrivateFaultException lost = Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(8 * 4096, 1, LeaseAccess.Read));
        Assert.Equal(Errno.ENXIO, lost.Errno);
        Assert.Contains("the pager that took over cannot serve it", lost.Message, StringComparison.Ordinal);
        Assert.Contains("it has 4096 bytes", lost.Message, StringComparison.Ordinal);
        Assert.NotEqual(Errno.None, Assert.Throws<DevicePrivateFaultException>(() => region.Persist()).Errno);
        shadow.Check();
        Assert.Equal(RegionHealth.Healthy, other.Health);
        Assert.Equal(2, pager.Restarts);
    }
}
