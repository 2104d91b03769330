// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;
using Physr.Paging.Victim;

namespace Physr.Paging.Live.Tests;

/// <summary>A store fails: who needs its page hears of it, nobody reads zeros or old bytes, and the rest goes on.</summary>
public sealed unsafe class FailureTests(SharedPager shared) : IClassFixture<SharedPager>
{
    private const ulong Length = 32 * 4096;

    private static string VictimAssembly => typeof(MoodyStore).Assembly.Location;

    [SkippableFact]
    public void AReadThatFailsIsAnExceptionOfALease_OtherPagesGoOn_AndWhatIsClearedIsAskedForAgain()
    {
        RegionStore store = RegionStore.Memory(Length).Failing(new StoreFailure(StoreCall.Read, 3, 1, Errno.EIO));
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 8 * 4096, new() { Pager = shared.Host, Name = "third" });
        List<DevicePrivateFaultException> thrown = [];
        for (ulong page = 31; page < 32; page -= 2)
        {
            try
            {
                using ResidencyLease lease = region.Acquire(page * 4096, 1, LeaseAccess.Read);
                Assert.Equal(0, lease.Span[0]);
            }
            catch (DevicePrivateFaultException exception)
            {
                Assert.Equal(page * 4096, exception.Offset);
                thrown.Add(exception);
            }
        }

        DevicePrivateFaultException failed = Assert.Single(thrown);
        Assert.Equal(Errno.EIO, failed.Errno);
        Assert.Contains("third page at 0x", failed.Message, StringComparison.Ordinal);
        Assert.Contains("Read 3 was made to fail", failed.Message, StringComparison.Ordinal);
        Assert.Equal(RegionHealth.Degraded, region.Health);
        Assert.Equal(1, region.Statistics.Poisonings);
        Assert.Equal(0, region.Statistics.LeasedPages);
        Assert.Equal(Errno.EIO, Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(failed.Offset, 1, LeaseAccess.Write)).Errno);
        Assert.Equal(1, region.ClearFailures(0, Length));
        Assert.Equal(RegionHealth.Healthy, region.Health);
        Assert.Equal(0, region.Pointer[failed.Offset]);
        Assert.Equal(0, region.ClearFailures(0, Length));
    }

    [SkippableFact]
    public void ALeaseOfManyPagesOfWhichOneFailsHoldsNone()
    {
        RegionStore store = RegionStore.Memory(Length).Failing(new StoreFailure(StoreCall.Read, 1, 3, Errno.EIO));
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, Length, new() { Pager = shared.Host });
        Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(0, Length, LeaseAccess.Read));
        Assert.Equal(0, region.Statistics.LeasedPages);
        for (ulong page = 0; page < 32; page++)
        {
            Assert.Equal(0u, region.Control.Word(page) & Control.PageWord.Pins);
        }

        Assert.True(region.ClearFailures(0, Length) > 0);
        using ResidencyLease lease = region.Acquire(0, Length, LeaseAccess.Read);
        Assert.Equal(-1, lease.Span.IndexOfAnyExcept((byte)0));
    }

    [SkippableFact]
    public void AWriteThatFailsLosesNothing()
    {
        RegionStore store = RegionStore.Memory(Length).Failing(new StoreFailure(StoreCall.Write, 2, 3, Errno.ENOSPC));
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 8 * 4096, new() { Pager = shared.Host });
        Shadow shadow = new(region, seed: 21);
        shadow.Work(600);
        Assert.Equal(RegionHealth.Degraded, region.Health);
        Assert.InRange(region.Statistics.WriteFailures, 1, 3);
        Assert.Equal(0, region.Statistics.Poisonings);
        shadow.Check();
    }

    [SkippableFact]
    public void AStoreThatTakesNothingBack_SaysSoToPersist_AndKeepsThePages()
    {
        RegionStore store = RegionStore.Memory(Length).Failing(new StoreFailure(StoreCall.Write, 1, 1_000_000, Errno.ENOSPC));
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 8 * 4096, new() { Pager = shared.Host });
        for (int page = 0; page < 4; page++)
        {
            region.Pointer[page * 4096] = (byte)(page + 1);
        }

        DevicePrivateFaultException refused = Assert.Throws<DevicePrivateFaultException>(() => region.Persist());
        Assert.Equal(Errno.ENOSPC, refused.Errno);
        Assert.Contains("Write 1 was made to fail", refused.Message, StringComparison.Ordinal);
        for (int page = 0; page < 4; page++)
        {
            Assert.Equal(page + 1, region.Pointer[page * 4096]);
        }
    }

    [SkippableFact]
    public void AStoreThatHangsKeepsItsOwnPageAlone()
    {
        RegionStore hanging = RegionStore.Memory(Length).Failing(timeLimitMs: 300, new StoreFailure(StoreCall.Read, 1, 1, Errno.None, StoreFailure.ForEver));
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, hanging, 8 * 4096, new() { Pager = shared.Host });
        using DevicePrivateRegion other = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 8 * 4096, new() { Pager = shared.Host });
        Task<Errno> first = Task.Run(() => Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(0, 1, LeaseAccess.Read)).Errno);
        new Shadow(other, seed: 31).Work(200);
        Assert.Equal(Errno.ETIMEDOUT, first.Result);
        using ResidencyLease lease = region.Acquire(4096, 1, LeaseAccess.Read);
        Assert.Equal(0, lease.Span[0]);
    }

    [SkippableFact]
    public void AUsersStoreThatThrows_IsAnErrorOfThePagesThatItThrowsFor()
    {
        RegionStore store = RegionStore.User(VictimAssembly, typeof(MoodyStore).FullName!, "throw-read:8", Length);
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 8 * 4096, new() { Pager = shared.Host });
        region.Pointer[0] = 7;
        DevicePrivateFaultException failed = Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(20 * 4096, 1, LeaseAccess.Read));
        Assert.Equal(Errno.EIO, failed.Errno);
        Assert.Contains("System.InvalidOperationException: the store is in a mood", failed.Message, StringComparison.Ordinal);
        region.Evict(0, Length);
        Assert.Equal(7, region.Pointer[0]);
    }

    [SkippableFact]
    public void AUsersStoreThatThrowsAwayWrites_KeepsThePagesInMemory()
    {
        RegionStore store = RegionStore.User(VictimAssembly, typeof(MoodyStore).FullName!, "throw-write:4", Length);
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 8 * 4096, new() { Pager = shared.Host });
        region.Pointer[3 * 4096] = 3;
        region.Pointer[9 * 4096] = 9;
        Assert.Equal(Errno.EIO, Assert.Throws<DevicePrivateFaultException>(() => region.Persist()).Errno);
        region.Evict(0, Length);
        Assert.Equal(3, region.Pointer[3 * 4096]);
        Assert.Equal(9, region.Pointer[9 * 4096]);
        Assert.Equal(RegionHealth.Degraded, region.Health);
    }

    [SkippableFact]
    public void AUsersStoreThatHangs_IsAnErrorAfterItsTime_AndItsOtherPagesGoOn()
    {
        RegionStore store = RegionStore.User(VictimAssembly, typeof(MoodyStore).FullName!, "hang-read:8", Length, TimeSpan.FromMilliseconds(300));
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 8 * 4096, new() { Pager = shared.Host });
        Assert.Equal(Errno.ETIMEDOUT, Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(20 * 4096, 1, LeaseAccess.Read)).Errno);
        using ResidencyLease lease = region.Acquire(4096, 4096, LeaseAccess.Write);
        lease.Span.Fill(1);
    }

    [SkippableFact]
    public void AUsersStoreThatIsNoneIsRefusedByName()
    {
        using RegionStore store = RegionStore.User(VictimAssembly, "No.Such.Store", "", Length);
        Assert.Equal(Errno.ENOENT, DevicePrivateRegion.TryCreate(Length, store, 4096, new() { Pager = shared.Host }, out _, out string reason));
        Assert.Contains("No.Such.Store", reason, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("memory")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    [InlineData("file")]
    public void APageThatTheApplicationDiscardedBeforeItWasSaved_IsAnError_AndNoZeros(string kind)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("pages");
        RegionStore store = kind switch
        {
            "memory" => RegionStore.Memory(Length),
            "lz4" => RegionStore.Lz4(Length),
            "zstd" => RegionStore.Zstd(Length),
            _ => RegionStore.File(path, Length, create: true, allowBuffered: true),
        };
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 8 * 4096, new() { Pager = shared.Host });

        // SAFETY: the region lives until the end of the test, and its first four pages are what is touched.
        byte* pages = region.Pointer;
        void Fill(byte value)
        {
            for (int page = 0; page < 4; page++)
            {
                new Span<byte>(pages + (page * 4096), 4096).Fill((byte)(value + page));
            }
        }

        Fill(1);
        region.Persist();
        Fill(11);
        Native.Remove(pages + 4096, 4096);
        region.Evict(0, Length);
        DevicePrivateFaultException lost = Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(4096, 1, LeaseAccess.Read));
        Assert.Equal((Errno.ENODATA, 4096ul, 1), (lost.Errno, lost.Offset, region.Statistics.Poisonings));
        Assert.Contains("discarded from the window", lost.Message, StringComparison.Ordinal);
        foreach (int page in (int[])[0, 2, 3])
        {
            Assert.Equal(-1, new Span<byte>(pages + (page * 4096), 4096).IndexOfAnyExcept((byte)(11 + page)));
        }

        // The same for what is to stay: it is said, and its neighbours are written back.
        pages[2 * 4096] = 21;
        pages[3 * 4096] = 31;
        Native.Remove(pages + (2 * 4096), 4096);
        Assert.Equal(Errno.ENODATA, Assert.Throws<DevicePrivateFaultException>(() => region.Persist()).Errno);
        Assert.Equal(31, pages[3 * 4096]);
        Assert.Equal((RegionHealth.Degraded, 2L), (region.Health, region.Statistics.Poisonings));
        if (kind == "file")
        {
            // Page 1 as it was persisted, page 2 as it was evicted.
            byte[] bytes = File.ReadAllBytes(path);
            Assert.Equal([11, 2, 13, 31], (byte[])[bytes[0], bytes[4096], bytes[2 * 4096], bytes[3 * 4096]]);
        }
    }

    [SkippableTheory]
    [InlineData("guard-before")]
    [InlineData("guard-after")]
    [InlineData("guard-after-native")]
    [InlineData("poisoned")]
    [InlineData("poisoned-native")]
    [InlineData("explicit")]
    public void ATouchOfWhatCannotBeHadEndsTheProcess_AndReadsNothing(string how)
    {
        LiveSystem.Require();
        using Victim child = Victim.Start("die", $"how={how}");
        int? code = child.WaitForEnd(TimeSpan.FromSeconds(60));
        Assert.Equal("touching", Assert.Single(child.Lines));

        // In managed code the runtime makes its own end of either signal (SIGABRT), with a message; native code dies of the signal itself.
        const int abort = 128 + 6, bus = 128 + 7, segmentation = 128 + 11;
        int expected = how switch { "poisoned-native" => bus, "guard-after-native" => segmentation, _ => abort };
        Assert.True(code == expected, $"it ended with {code}: {child.Error}");
        if (expected == abort)
        {
            Assert.Contains("AccessViolationException", child.Error, StringComparison.Ordinal);
        }
    }
}
