// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Live.Tests;

/// <summary>What cannot be is refused with what would be right; and leases without page faults.</summary>
public sealed unsafe class RefusalTests(SharedPager shared) : IClassFixture<SharedPager>
{
    private const ulong Length = 16 * 4096;

    [Theory]
    [InlineData(0ul, 4096ul, "whole pages of 4096; 0 were asked for")]
    [InlineData(4097ul, 4096ul, "4097 were asked for")]
    [InlineData(1ul << 60, 4096ul, "8 TiB")]
    [InlineData(Length, 0ul, "one at the least; 0 was asked for")]
    [InlineData(Length, 4095ul, "4095 was asked for")]
    [InlineData(Length * 2, 4096ul, "has 65536 bytes; the region needs 131072")]
    public void SizesThatAreNoneAreRefused(ulong length, ulong budget, string expected)
    {
        using RegionStore store = RegionStore.Memory(Length);
        Assert.Equal(Errno.EINVAL, DevicePrivateRegion.TryCreate(length, store, budget, null, out DevicePrivateRegion? region, out string reason));
        Assert.Null(region);
        Assert.Contains(expected, reason, StringComparison.Ordinal);
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => DevicePrivateRegion.Create(length, store, budget)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void APagerThatIsNotThereIsNamed()
    {
        Assert.Equal(Errno.ENOENT, PagerHost.TryStart(new() { PagerPath = "/nowhere/Physr.Pager.dll" }, out _, out string reason));
        Assert.Contains("/nowhere/Physr.Pager.dll is not there", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, PagerHost.TryStart(new() { ResidentBudget = 5 }, out _, out reason));
        Assert.Contains("whole pages", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void AProgramThatIsNoPagerIsFoundOut()
    {
        Errno errno = PagerHost.TryStart(new() { PagerPath = typeof(RefusalTests).Assembly.Location, HostPath = "/bin/true" }, out _, out string reason);
        Assert.NotEqual(Errno.None, errno);
        Assert.Contains("did not start", reason, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void RangesOutsideTheRegionAreRefused()
    {
        PagerHost pager = shared.Host;
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 4 * 4096, new() { Pager = pager });
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Acquire(Length, 1, LeaseAccess.Read));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Acquire(1, ulong.MaxValue, LeaseAccess.Read));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Span(Length - 1, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => region.Prefetch(0, Length + 1));
        Assert.Throws<ArgumentException>(() => region.SetResidentBudget(100));
    }

    [Theory]
    [InlineData("memory")]
    [InlineData("lz4")]
    public void WithoutPageFaults_LeasesMoveThePages(string kind)
    {
        RegionStore store = string.Equals(kind, "lz4", StringComparison.Ordinal) ? RegionStore.Lz4(Length) : RegionStore.Memory(Length);
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 6 * 4096, new() { Mode = RegionMode.Explicit });
        Assert.Equal(RegionMode.Explicit, region.Mode);
        Assert.Null(region.Pager);
        byte[] expected = new byte[Length];
        Random random = new(77);
        for (int operation = 0; operation < 400; operation++)
        {
            int page = random.Next(16);
            int count = Math.Min(random.Next(1, 3), 16 - page);
            LeaseAccess access = (LeaseAccess)random.Next(2);
            using ResidencyLease lease = region.Acquire((ulong)page * 4096, (ulong)count * 4096, access);
            Assert.True(lease.Span.SequenceEqual(expected.AsSpan(page * 4096, count * 4096)), $"seed 77, operation {operation}");
            if (access == LeaseAccess.Write)
            {
                random.NextBytes(lease.Span);
                lease.Span.CopyTo(expected.AsSpan(page * 4096));
            }
        }

        Assert.InRange(region.ResidentBytes, 1ul, 6 * 4096ul);
        Assert.True(region.Statistics.Evictions > 0);
        region.Persist();
    }

    [Fact]
    public void WithoutPageFaults_AStoreThatFailsIsAnException()
    {
        RegionStore store = RegionStore.Memory(Length).Failing(new StoreFailure(StoreCall.Read, 1, 1, Errno.EIO, 0));
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, store, 4 * 4096, new() { Mode = RegionMode.Explicit });
        Assert.Equal(Errno.EIO, Assert.Throws<DevicePrivateFaultException>(() => region.Acquire(0, 1, LeaseAccess.Read)).Errno);
        Assert.Equal(1, region.ClearFailures(0, Length));
        using ResidencyLease lease = region.Acquire(0, 1, LeaseAccess.Read);
        Assert.Equal(0, lease.Span[0]);
    }

    [SkippableFact]
    public void AutoSaysWhichModeItChose_AndWhy()
    {
        using DevicePrivateRegion region = DevicePrivateRegion.Create(Length, RegionStore.Memory(Length), 4 * 4096, new() { Mode = RegionMode.Auto, Pager = shared.Host });
        Assert.Equal(RegionMode.Faults, region.Mode);
        Assert.Empty(region.ModeReason);
        using ResidencyLease lease = region.Acquire(0, 4096, LeaseAccess.Write);
        lease.Span[0] = 3;
        Assert.Equal(3, region.Pointer[0]);
    }

    [SkippableFact]
    public void WhereUserfaultfdIsRefused_TheMessageSaysWhatWouldHelp_AndLeasesStillWork()
    {
        LiveSystem.Require();
        using Victim child = Victim.Start("modest", "refuse=1");
        string[] lines = child.Finish();
        Skip.If(lines[0].StartsWith("no filter", StringComparison.Ordinal), $"the kernel lets this user forbid nothing: {lines[0]}");
        Assert.StartsWith("refused EPERM ", lines[0], StringComparison.Ordinal);
        Assert.Contains("vm.unprivileged_userfaultfd", lines[0], StringComparison.Ordinal);
        Assert.Contains("CAP_SYS_PTRACE", lines[0], StringComparison.Ordinal);
        Assert.Contains("seccomp", lines[0], StringComparison.Ordinal);
        Assert.Contains("RegionMode.Explicit", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("auto Explicit ", lines[1], StringComparison.Ordinal);
        Assert.Contains("seccomp", lines[1], StringComparison.Ordinal);
        Assert.Equal("leases 64 of 64", lines[2]);
    }

    [SkippableFact]
    public void AUserWithoutRightsHasFaultsOfItsOwnCode_AndLeasesBeforeSystemCalls()
    {
        LiveSystem.Require();
        using Nobody nobody = new();
        using Victim child = nobody.Start("modest", $"folder={nobody.Own}");
        string[] lines = child.Finish();
        Assert.Equal("right", lines[1]);
        if (lines[0] == "user mode only True")
        {
            Assert.Equal("kernel EFAULT leased None", lines[2]);
        }
        else
        {
            // The system lets everybody have all of it.
            Assert.Equal("kernel None leased None", lines[2]);
        }
    }
}
