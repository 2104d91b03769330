// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>A user's store is loaded by name, and whatever it does is its own calls' trouble alone.</summary>
public sealed class UserStoreTests : IDisposable
{
    private const int Page = PageBuffer.Page;
    private const ulong Length = 16 * Page;

    private static readonly string s_assembly = typeof(SampleStore).Assembly.Location;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void WhatCannotBeLoadedIsRefusedByName()
    {
        string text = _folder.Write("text.dll", "no assembly");
        Refused(Errno.EINVAL, "no .NET assembly", text, "A.B");
        Refused(Errno.ENOENT, "no such type: give its full name", s_assembly, "SampleStore");
        Refused(Errno.EINVAL, "does not implement Physr.Paging.Stores.IBackingStore", s_assembly, typeof(PageBuffer).FullName!);
        Refused(Errno.EINVAL, "abstract", typeof(IBackingStore).Assembly.Location, typeof(IBackingStore).FullName!);
        Refused(Errno.EINVAL, "no public constructor (string argument, ulong length) or (string argument)", s_assembly, typeof(ForeignStore).FullName!);
        Refused(Errno.EIO, "System.IO.InvalidDataException: not today", s_assembly, typeof(SampleStore).FullName!, "throw at once");
        Refused(Errno.EINVAL, "it keeps 61440 bytes, and the region has 65536", s_assembly, typeof(SampleStore).FullName!, "be short");
        Refused(Errno.ETIMEDOUT, "its constructor took longer than 100 ms", s_assembly, typeof(SampleStore).FullName!, "hang at once", 100);
        Assert.Equal(Errno.ENOENT, RegionStore.TryUser(_folder.File("none.dll"), "A", "", Length, TimeSpan.FromSeconds(1), out _, out string reason));
        Assert.Contains("there is no such file", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, RegionStore.TryUser(text, "A", "", Length, TimeSpan.Zero, out _, out _));
        Assert.Equal(Errno.EINVAL, RegionStore.TryUser(text, "A", new string('x', 4000), Length, TimeSpan.FromSeconds(1), out _, out reason));
        Assert.Contains("too long", reason, StringComparison.Ordinal);
        File.Delete(text);
        Assert.Equal(Errno.ENOENT, PageStore.TryOpen(new(StoreKind.User, Length) { Path = text, TypeName = "A" }, [], Length, out _, out _));
    }

    [Theory]
    [InlineData("throw", Errno.EIO, "System.ArithmeticException: one and one are three")]
    [InlineData("fail", Errno.EREMOTEIO, "this page is on strike")]
    public void AFailedCallTellsWhy_AndOthersGoOn(string wrong, Errno errno, string reason)
    {
        using PageStore store = Open(wrong, 10_000);
        using LaneDriver driver = new(store, 4);
        using PageBuffer buffer = new(4);
        Assert.Equal(errno, store.Read(0, buffer.Address, 4 * Page));
        Assert.Contains(reason, store.LastReason, StringComparison.Ordinal);
        Assert.Equal(errno, store.Write(2 * Page, buffer.Address, Page));
        Assert.Equal(Errno.None, store.Read(0, buffer.Address, 2 * Page));
        for (ulong page = 0; page < 4; page++)
        {
            Assert.Equal(Errno.None, driver.Lane.TryRead(page, page * Page, buffer.Address + ((nint)page * Page), Page));
        }

        Assert.Equal([Errno.None, Errno.None, errno, Errno.None], driver.Await(4).OrderBy(static end => end.Key).Select(static end => end.Value));
        Assert.Equal(Errno.None, store.Flush());
    }

    [Fact]
    public void ACallThatHangsFailsAlone_HoweverOften()
    {
        using PageStore store = Open("hang", 500);
        using LaneDriver driver = new(store, 16);
        using PageBuffer buffer = new(16);
        Assert.Equal(Errno.ETIMEDOUT, store.Read(2 * Page, buffer.Address, Page));
        Assert.Contains("took longer than 500 ms", store.LastReason, StringComparison.Ordinal);

        // More at once than there are threads: all threads are lost, and replaced.
        for (ulong call = 0; call < StoreWorkers.Threads + 2; call++)
        {
            Assert.Equal(Errno.None, driver.Lane.TryRead(call, 2 * Page, buffer.Address, Page));
        }

        Assert.All(driver.Await(StoreWorkers.Threads + 2), static end => Assert.Equal(Errno.ETIMEDOUT, end.Value));
        Assert.InRange(((UserStore)store).Hanging, 1, StoreWorkers.Threads + 3);
        for (ulong page = 3; page < 16; page++)
        {
            Assert.Equal(Errno.None, driver.Lane.TryRead(page, page * Page, buffer.Address + ((nint)page * Page), Page));
        }

        Assert.All(driver.Await(13), static end => Assert.Equal(Errno.None, end.Value));
        Assert.Equal(Errno.None, store.Read(0, buffer.Address, 2 * Page));
    }

    [Fact]
    public void WhenTooManyCallsHangNoMoreAreMade()
    {
        using PageStore store = Open("hang", 100);
        using LaneDriver driver = new(store, 128);
        using PageBuffer buffer = new(1);
        int hung = 0;
        for (int round = 0; round < 40 && ((UserStore)store).Hanging < StoreWorkers.MostHanging; round++)
        {
            for (ulong call = 0; call < 8; call++)
            {
                Assert.Equal(Errno.None, driver.Lane.TryRead(call, 2 * Page, buffer.Address, Page));
            }

            Assert.All(driver.Await(8), static end => Assert.Equal(Errno.ETIMEDOUT, end.Value));
            hung += 8;
        }

        Assert.InRange(hung, StoreWorkers.MostHanging, 40 * 8);
        Assert.Equal(Errno.ETIMEDOUT, store.Read(0, buffer.Address, Page));
        Assert.Contains("calls hang: no more are made", store.LastReason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, driver.Lane.TryRead(1, 0, buffer.Address, Page));
        Assert.Equal(Errno.ETIMEDOUT, driver.Await(1)[1]);
    }

    [Fact]
    public void ACallThatComesBackTooLateWritesNowhere_AndItsThreadEnds()
    {
        using PageStore store = Open("be slow", 300);
        using LaneDriver driver = new(store, 1);
        using PageBuffer buffer = new(1);
        Assert.Equal(Errno.None, driver.Lane.TryRead(1, 2 * Page, buffer.Address, Page));
        Assert.Equal(Errno.ETIMEDOUT, driver.Await(1)[1]);
        Assert.Equal(1, ((UserStore)store).Hanging);
        buffer.Bytes.Fill(5);
        Assert.True(SpinWait.SpinUntil(() => ((UserStore)store).Hanging == 0, TimeSpan.FromSeconds(20)));
        Assert.False(buffer.Bytes.ContainsAnyExcept((byte)5));
        Assert.Equal(Errno.None, driver.Lane.TryRead(2, 0, buffer.Address, Page));
        Assert.Equal(Errno.None, driver.Await(1)[2]);
    }

    [Fact]
    public void AStoreThatHangsWhileItIsClosedIsLeftToItself()
    {
        PageStore store = Open("hang at the end", 100);
        using PageBuffer buffer = new(1);
        Assert.Equal(Errno.None, store.Write(0, buffer.Address, Page));
        store.Dispose();
    }

    private static void Refused(Errno errno, string expected, string assembly, string type, string wrong = "", int limitMs = 20_000)
    {
        using RegionStore region = RegionStore.User(assembly, type, "/dev/null," + wrong, Length, TimeSpan.FromMilliseconds(limitMs));
        Assert.Equal(errno, PageStore.TryOpen(region.Spec, region.Duplicates(), Length, out PageStore? store, out string reason));
        Assert.Null(store);
        Assert.Contains(expected, reason, StringComparison.Ordinal);
        Assert.Contains(type, reason, StringComparison.Ordinal);
    }

    private PageStore Open(string wrong, int limitMs)
    {
        using RegionStore region = RegionStore.User(s_assembly, typeof(SampleStore).FullName!, $"{_folder.File("user")},{wrong}", Length, TimeSpan.FromMilliseconds(limitMs));
        return StoreFixture.Open(region, Length);
    }
}
