// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using static Physr.Hmm.Tests.HmmHost;

namespace Physr.Hmm.Tests;

/// <summary>CPU faults on memory that is with a device (rows R21 to R23).</summary>
public sealed class FaultTests
{
    private const int Few = 64;

    private delegate void Test(HmmHost host, AddressSpace process, MirrorDevice device, VirtualAddress at);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R21a_TheCallbackLearnsAddressPageAndKindOfAccess(bool isWrite) => WithPrivate(Few, (host, process, device, at) =>
    {
        List<DevicePageFault> faults = [];
        device.OnFault = fault =>
        {
            faults.Add(fault);
            return null;
        };
        VirtualAddress touched = at.Add((5 * Page) + 24);
        Assert.Equal(AccessOutcome.Done, isWrite ? process.Store(touched, 1) : process.Load(touched, out int _));
        DevicePageFault seen = Assert.Single(faults);
        Assert.Equal((touched, isWrite, process), (seen.Address, seen.IsWrite, (AddressSpace)seen.Context!));
        Assert.True(device.Owns(PageKey.Of(seen.Page)));
    });

    [Theory]
    [InlineData(DeviceVariant.Private, false)]
    [InlineData(DeviceVariant.PrivateByRange, false)]
    [InlineData(DeviceVariant.Private, true)]
    public void R21b_ManyThreadsAtOnce_AskForEachPageOnce(DeviceVariant variant, bool isHuge) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(variant);
        ProcessMirror mirror = host.Open(device, process);
        int length = isHuge ? 2 * Huge : Few * Page;
        VirtualAddress at = isHuge ? process.MapHuge((ulong)length) : process.Map((ulong)length);
        byte[] numbers = Numbers(length);
        process.Put(at, numbers);
        mirror.MigrateAll(at, numbers);
        device.OnFault = _ =>
        {
            Thread.Sleep(1);
            return null;
        };
        int stride = isHuge ? Huge / 4 : Page;
        Thread[] threads = [.. Enumerable.Range(0, 6).Select(_ => new Thread(() =>
        {
            for (int page = 0; page < length; page += stride)
            {
                process.Expect(at.Add((ulong)page), numbers.AsSpan(page, Page));
            }
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        Assert.Equal(isHuge ? 2 : Few, device.FaultsServed);
    });

    [Fact]
    public void R21c_APageThatGoesAwayDuringTheFault_IsNoLoss() => WithPrivate(1, (host, process, device, at) =>
    {
        using ManualResetEventSlim inside = new();
        using ManualResetEventSlim gone = new();
        device.OnFault = _ =>
        {
            inside.Set();
            gone.Wait();
            return null;
        };
        int seen = -1;
        Thread reader = new(() => Assert.Equal(AccessOutcome.Done, process.Load(at, out seen)));
        reader.Start();
        inside.Wait();
        process.Advise(at, Page, MemoryAdvice.DontNeed);
        gone.Set();
        reader.Join();
        Assert.Equal(0, seen);
        Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
    });

    [Theory]
    [InlineData(FaultOutcome.OutOfMemory, AccessOutcome.OutOfMemory)]
    [InlineData(FaultOutcome.BusError, AccessOutcome.BusError)]
    public void R21d_FailuresReachTheAccess_AndThePageStays(FaultOutcome outcome, AccessOutcome expected) => WithPrivate(Few, (host, process, device, at) =>
    {
        device.OnFault = _ => outcome;
        Assert.Equal(expected, process.Load(at, out int _));
        Assert.Equal(new AccessResult(expected, 0), process.Read(at, new byte[2 * Page]));
        device.OnFault = null;
        process.Expect(at, Numbers(Few * Page));
    });

    [Fact]
    public void R21d_RetryTriesAgain() => WithPrivate(1, (host, process, device, at) =>
    {
        int left = 3;
        device.OnFault = _ => left-- > 0 ? FaultOutcome.Retry : null;
        process.Expect(at, Numbers(Page));
        Assert.Equal(4, device.FaultsServed);
    });

    [Fact]
    public void R22a_ADriverMayBringNeighbours_TheFaultingPageFirst() => WithPrivate(Few, (host, process, device, at) =>
    {
        device.OnFault = fault =>
        {
            VirtualAddress first = fault.Address.AlignDown(Page);
            Assert.Equal(Errno.None, device.MigrateHome(process, first, 1, fault.Page, out _, out int one, out _));
            Assert.True(process.IsPresent(first));
            Assert.Equal(Errno.None, device.MigrateHome(process, first.AlignDown(16 * Page), 16, fault.Page, out _, out int others, out _));
            Assert.Equal((1, 15), (one, others));
            return FaultOutcome.Served;
        };
        process.Expect(at, Numbers(Few * Page));
        Assert.Equal(Few / 16, device.FaultsServed);
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R23b_APageThatIsLockedMakesTheAccessWait(bool isHuge) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = isHuge ? process.MapHuge(Huge) : process.Map(Huge);
        process.Put(at, Numbers(Huge));
        mirror.MigrateAll(at, Numbers(Huge));
        PageKey[] keys = new PageKey[1];
        Assert.Equal(1, device.Pool.Oldest(keys));
        Assert.True(host.Memory.Map.Private.TryGetPage(keys[0].Offset, out DevicePage page));
        Assert.Equal(isHuge ? 9 : 0, page.Order);
        Assert.True(page.TryLock());
        int seen = -1;
        Thread reader = new(() => Assert.Equal(AccessOutcome.Done, process.Load(at, out seen)));
        reader.Start();
        Assert.False(reader.Join(20));
        Assert.Equal(0, device.FaultsServed);
        page.Unlock();
        reader.Join();
        Assert.Equal((0, 1L), (seen, device.FaultsServed));
        process.Expect(at, Numbers(Huge));
    });

    [Fact]
    public void APartOfALargePageThatTheDriverBreaks_IsServed_AndNothingStaysLocked() => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private);
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.MapHuge(Huge);
        process.Put(at, Numbers(Huge));
        mirror.MigrateAll(at, Numbers(Huge));

        // The large page is mapped by small entries now, and the driver takes only the page that was touched.
        process.Unmap(at.Add(8 * Page), Page);
        device.UsesHugePages = false;
        process.Expect(at.Add(100 * Page), Numbers(Huge).AsSpan(100 * Page, Page));
        Assert.Equal(1, device.FaultsServed);
        mirror.MigrateAll(at.Add(100 * Page), Numbers(Huge).AsSpan(100 * Page, Page));
        process.Expect(at.Add(99 * Page), Numbers(Huge).AsSpan(99 * Page, 3 * Page));
        process.Expect(at, Numbers(8 * Page));
    });

    private static void WithPrivate(int pages, Test test) => Run(host =>
    {
        AddressSpace process = host.Process();
        MirrorDevice device = host.Device(DeviceVariant.Private);
        device.UsesHugePages = false;
        ProcessMirror mirror = host.Open(device, process);
        VirtualAddress at = process.Map((ulong)(pages * Page));
        process.Put(at, Numbers(pages * Page));
        mirror.MigrateAll(at, Numbers(pages * Page));
        test(host, process, device, at);
    });
}
