// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma.Host;

namespace Physr.Machine.Tests.Rdma;

/// <summary>A second connection, between a connection of the fixture's host and a fresh one of its peer.</summary>
internal sealed class RdmaNicPair : IDisposable
{
    public RdmaNicPair(RdmaFixture fixture, RdmaConnection near)
    {
        Assert.Equal(Errno.None, RdmaConnection.TryCreate(fixture.Peer.Driver, 4, 4, 256, out RdmaConnection? far));
        Far = far!;
        Assert.Equal(Errno.None, near.QueuePair.Connect(Far.QueuePair.Number));
        Assert.Equal(Errno.None, Far.QueuePair.Connect(near.QueuePair.Number));
    }

    public RdmaConnection Far { get; }

    public void Dispose() => Far.Dispose();
}
