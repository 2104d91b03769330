// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma;
using Physr.Machine.Rdma.Host;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Rdma;

/// <summary>A NIC on a fake host, a network and a peer, connected.</summary>
internal sealed class RdmaFixture : IDisposable
{
    public const ulong PeerBytes = 1 << 20;

    public RdmaFixture(ulong seed, int userBytes = 1 << 20, int pieceSize = 4096, bool open = true)
    {
        Scheduler = new(seed);
        Network = new(Scheduler, new() { PieceSize = pieceSize });
        Nic = new("nic0", new());
        Nic.Connect(Network.PortA);
        Network.ConnectA(Nic);
        Host = new(Scheduler, userBytes);
        Host.Plug(Nic);
        Peer = RemoteInitiator.Create("peer0", Scheduler, Network, PeerBytes, messages: 4);
        if (open)
        {
            Assert.Equal(Errno.None, TryOpen());
        }
    }

    public Scheduler Scheduler { get; }

    public RdmaNetwork Network { get; }

    public RdmaNic Nic { get; }

    public FakeHost Host { get; }

    public RemoteInitiator Peer { get; }

    public RdmaDriver Driver { get; private set; } = null!;

    public RdmaCompletionQueue Completions { get; private set; } = null!;

    public RdmaQueuePair QueuePair { get; private set; } = null!;

    public Errno TryOpen()
    {
        Errno errno = RdmaDriver.TryOpen(Host, out RdmaDriver? driver);
        if (errno != Errno.None)
        {
            return errno;
        }

        Driver = driver!;
        errno = Driver.TryCreateCompletionQueue(128, 0, out RdmaCompletionQueue? completions);
        if (errno != Errno.None)
        {
            return errno;
        }

        Completions = completions!;
        errno = Driver.TryCreateQueuePair(Completions, Completions, 32, 16, out RdmaQueuePair? queuePair);
        if (errno != Errno.None)
        {
            return errno;
        }

        QueuePair = queuePair!;
        errno = QueuePair.Connect(Peer.Connection.QueuePair.Number);
        return errno != Errno.None ? errno : Peer.Connection.QueuePair.Connect(QueuePair.Number);
    }

    public RdmaMemoryRegion Register(RdmaAccess access, params DmaRange[] ranges)
    {
        Assert.Equal(Errno.None, Driver.TryRegister(List(ranges), access, out RdmaMemoryRegion region));
        return region;
    }

    public RdmaMemoryRegion Expose(ulong offset, ulong length, RdmaAccess access)
    {
        Assert.Equal(Errno.None, Peer.TryExpose(offset, length, access, out RdmaMemoryRegion region));
        return region;
    }

    public RdmaWorkCompletion Wait()
    {
        Assert.Equal(Errno.None, Driver.Wait(Completions, out RdmaWorkCompletion completion));
        return completion;
    }

    public byte[] PeerMemory()
    {
        byte[] bytes = new byte[PeerBytes];
        Peer.Memory.Read(0, bytes);
        return bytes;
    }

    public void FillBoth(SeededRandom random)
    {
        random.Fill(Host.Memory.AsSpan(0, 1 << 20));
        byte[] bytes = new byte[PeerBytes];
        random.Fill(bytes);
        Peer.Memory.Write(0, bytes);
    }

    public static DmaRangeList List(params DmaRange[] ranges)
    {
        DmaRangeListBuilder builder = new();
        foreach (DmaRange range in ranges)
        {
            builder.Append(range);
        }

        return builder.Build();
    }

    /// <summary>Takes everything down and checks that nothing is left.</summary>
    public void AssertNoLeaks()
    {
        Network.IsUp = true;
        Scheduler.RunToIdle(1_000_000);
        Driver?.Dispose();
        Host.Gone = false;
        Nic.Reset();
        Scheduler.RunToIdle(1_000_000);
        Assert.Equal(0, Host.LiveBuffers);
        Assert.Equal(0, Nic.LiveQueuePairs);
        Assert.Equal(0, Nic.LiveRegions);
        Peer.Connection.Dispose();
        Scheduler.RunToIdle(1_000_000);
        Assert.Equal(0, Network.PacketsInUse);
        Assert.Equal(0, Peer.Nic.LiveQueuePairs);
    }

    public void Dispose()
    {
        Peer.Dispose();
        Nic.Dispose();
    }
}
