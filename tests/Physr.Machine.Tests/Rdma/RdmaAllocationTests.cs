// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma;
using Physr.Machine.Rdma.Host;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Rdma;

/// <summary>A host that refuses memory, at each place where the driver asks for it.</summary>
public sealed class RdmaAllocationTests
{
    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EREMOTEIO)]
    public void WhicheverAllocationOfTheDriverFails_ThatStepTakesNothing(Errno why)
    {
        const int commands = 1;
        const int queuePair = 3; // after the completion queue
        int at = 1;
        while (true)
        {
            using RdmaFixture fixture = new((ulong)at, open: false);
            fixture.Host.RefuseAllocationAt = at;
            fixture.Host.RefuseWith = why;
            Errno errno = fixture.TryOpen();
            Assert.Equal(at <= commands, fixture.Driver is null);
            if (errno == Errno.None)
            {
                errno = fixture.Driver!.TryRegister(RdmaFixture.List(FakeHost.Range(0, 8192)), RdmaAccess.LocalWrite, out _);
            }

            if (errno == Errno.None)
            {
                Assert.Equal(1, fixture.Nic.LiveRegions);
                fixture.AssertNoLeaks();
                break;
            }

            Assert.Equal(why, errno);
            Assert.Equal(at - 1, fixture.Host.LiveBuffers);
            Assert.Equal(at > queuePair ? 1 : 0, fixture.Nic.LiveQueuePairs);
            Assert.Equal(0, fixture.Nic.LiveRegions);
            fixture.AssertNoLeaks();
            at++;
        }

        Assert.Equal(5, at); // commands, a completion queue, a queue pair, and the block list of a region
    }

    [Theory]
    [InlineData(Errno.ENOMEM)]
    [InlineData(Errno.EREMOTEIO)]
    public void WhicheverAllocationOfAConnectionFails_EverythingIsGivenBack(Errno why)
    {
        int at = 1;
        while (true)
        {
            using RdmaFixture fixture = new((ulong)at, open: false);
            Assert.Equal(Errno.None, RdmaDriver.TryOpen(fixture.Host, out RdmaDriver? opened));
            using RdmaDriver driver = opened!;
            int before = fixture.Host.LiveBuffers;
            fixture.Host.RefuseAllocationAt = fixture.Host.Allocations + at;
            fixture.Host.RefuseWith = why;
            Errno errno = RdmaConnection.TryCreate(driver, 4, 4, 256, out RdmaConnection? connection);
            if (errno == Errno.None)
            {
                connection!.Dispose();
                break;
            }

            Assert.Equal(why, errno);
            Assert.Null(connection);
            Assert.Equal(before, fixture.Host.LiveBuffers);
            Assert.Equal(0, fixture.Nic.LiveQueuePairs);
            Assert.Equal(0, fixture.Nic.LiveRegions);
            Assert.Equal(0, driver.LiveRegions);

            // Nothing is broken by it: the same driver makes the connection when there is memory again.
            Assert.Equal(Errno.None, RdmaConnection.TryCreate(driver, 4, 4, 256, out connection));
            connection!.Dispose();
            driver.Dispose();
            Assert.Equal(0, fixture.Host.LiveBuffers);
            at++;
        }

        Assert.Equal(6, at); // two completion queues, a queue pair, the messages and the block list of their region
    }

    [Fact]
    public void AStagingListThatCannotGrow_FailsThatRegionAndNoLaterOne()
    {
        using RdmaFixture fixture = new(1, userBytes: 8 << 20);
        DmaRange[] apart = new DmaRange[600]; // more blocks than the first staging list has places
        for (int i = 0; i < apart.Length; i++)
        {
            apart[i] = FakeHost.Range((ulong)i * 8192, 4096);
        }

        fixture.Register(RdmaAccess.LocalWrite, FakeHost.Range(0, 4096));
        fixture.Host.RefuseAllocationAt = fixture.Host.Allocations + 1;
        Assert.Equal(Errno.ENOMEM, fixture.Driver.TryRegister(RdmaFixture.List(apart), RdmaAccess.LocalWrite, out _));
        Assert.Equal(1, fixture.Driver.LiveRegions);
        fixture.Register(RdmaAccess.LocalWrite, FakeHost.Range(0, 4096));
        fixture.Register(RdmaAccess.LocalWrite, apart);
        Assert.Equal(3, fixture.Nic.LiveRegions);
        fixture.AssertNoLeaks();
    }

    [Fact]
    public void MessagesThatThePeerHasNoMemoryFor_EndItsSetUp()
    {
        RdmaNetwork network = new(new(1), new());
        PhysrException failure = Assert.Throws<PhysrException>(() => RemoteInitiator.Create("peer0", new(1), network, 4096, messages: 4, messageSize: 1 << 28));
        Assert.Equal(Errno.ENOMEM, failure.Errno);
    }
}
