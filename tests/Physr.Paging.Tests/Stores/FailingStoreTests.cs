// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Stores;

namespace Physr.Paging.Tests.Stores;

/// <summary>Failures that a test wants of a store come when they should, and no call is half done after one.</summary>
public sealed class FailingStoreTests
{
    private const int Page = PageBuffer.Page;

    [SkippableTheory]
    [InlineData("memory")]
    [InlineData("file")]
    [InlineData("lz4")]
    public void TheNthReadWriteAndFlushFail_AndTheOthersDoNot(string kind)
    {
        using StoreFixture fixture = new(kind, 8);
        RegionStore failing = fixture.Region.Failing(new StoreFailure(StoreCall.Read, 3, 2, Errno.EIO), new(StoreCall.Write, 2, 1, Errno.ENOSPC), new(StoreCall.Flush, 1, ulong.MaxValue, Errno.EDQUOT));
        using PageStore store = StoreFixture.Open(failing, fixture.Length);
        using PageBuffer buffer = new(1);
        Assert.Equal([Errno.None, Errno.None, Errno.EIO, Errno.EIO, Errno.None], Enumerable.Range(0, 5).Select(_ => store.Read(0, buffer.Address, Page)));
        Assert.Contains("Read 4 was made to fail", store.LastReason, StringComparison.Ordinal);
        buffer.Bytes.Fill(1);
        Assert.Equal(Errno.None, store.Write(0, buffer.Address, Page));
        buffer.Bytes.Fill(2);
        Assert.Equal(Errno.ENOSPC, store.Write(0, buffer.Address, Page));
        Assert.Equal(Errno.None, store.Read(0, buffer.Address, Page));
        Assert.False(buffer.Bytes.ContainsAnyExcept((byte)1));
        Assert.Equal(Errno.EDQUOT, store.Flush());
        Assert.False(store.TryGetAddress(0, out _));
        Assert.Equal(kind == "file", store.IsBlocking);
        Assert.Equal(kind == "file", store.IsDurable);
    }

    [SkippableFact]
    public void AHangingReadTimesOut_AndASlowOneDoesNot()
    {
        using StoreFixture fixture = new("memory", 8);
        RegionStore failing = fixture.Region.Failing(500, new StoreFailure(StoreCall.Read, 2, 1, Errno.None, StoreFailure.ForEver), new(StoreCall.Read, 3, 1, Errno.None, 20));
        using PageStore store = StoreFixture.Open(failing, fixture.Length);
        using LaneDriver driver = new(store, 4);
        using PageBuffer buffer = new(4);
        Assert.True(store.IsBlocking);
        for (ulong call = 1; call <= 3; call++)
        {
            Assert.Equal(Errno.None, driver.Lane.TryRead(call, 0, buffer.Address + ((nint)call * Page), Page));
            Assert.Equal(call == 2 ? Errno.ETIMEDOUT : Errno.None, driver.Await(1)[call]);
        }

        Assert.Equal(Errno.None, store.Read(0, buffer.Address, Page));
    }
}
