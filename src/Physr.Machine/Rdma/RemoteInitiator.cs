// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Rdma.Host;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <summary>The far side of a network: a host with memory and a NIC of its own that is no part of this machine's fabric. It exposes memory for the local NIC to
/// write and read, and exchanges small messages.</summary>
public sealed class RemoteInitiator : IDisposable
{
    private readonly PeerHost _host;
    private readonly RdmaDriver _driver;
    private readonly RdmaConnection _connection;

    private RemoteInitiator(PeerHost host, RdmaNic nic, RdmaDriver driver, RdmaConnection connection, ulong memoryLength)
    {
        _host = host;
        Nic = nic;
        _driver = driver;
        _connection = connection;
        MemoryLength = memoryLength;
    }

    /// <summary>Its NIC.</summary>
    public RdmaNic Nic { get; }

    /// <summary>Its driver, for what this class does not offer.</summary>
    public RdmaDriver Driver => _driver;

    /// <summary>Its connection: messages, and transfers that it starts itself.</summary>
    public RdmaConnection Connection => _connection;

    /// <summary>Its memory; the first <see cref="MemoryLength"/> bytes are the user's, the rest holds queues.</summary>
    public SparseMemory Memory => _host.Memory;

    /// <summary>Bytes of memory that can be exposed.</summary>
    public ulong MemoryLength { get; }

    /// <summary>Puts a peer at side B of a network and makes its connection, which is not yet connected.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="scheduler">The clock of the run.</param>
    /// <param name="network">The network, whose side B is free.</param>
    /// <param name="memoryLength">Bytes of memory to expose.</param>
    /// <param name="messages">Most messages outstanding, each way.</param>
    /// <param name="messageSize">Most bytes of a message.</param>
    /// <exception cref="PhysrException">The peer could not be set up.</exception>
    public static RemoteInitiator Create(string name, Scheduler scheduler, RdmaNetwork network, ulong memoryLength, int messages = 32, int messageSize = 256)
    {
        ArgumentNullException.ThrowIfNull(scheduler);
        ArgumentNullException.ThrowIfNull(network);
        const ulong memoryBytesPerSecond = 100_000_000_000;
        PeerHost host = new(name, scheduler, memoryLength, memoryBytesPerSecond);
        RdmaNic nic = new(name, new());
        nic.Connect(network.PortB);
        network.ConnectB(nic);
        host.Plug(nic);
        RdmaConnection? connection = null;
        Errno errno = RdmaDriver.TryOpen(host, out RdmaDriver? driver);
        if (errno == Errno.None)
        {
            errno = RdmaConnection.TryCreate(driver!, transfers: 32, messages, messageSize, out connection);
        }

        if (errno != Errno.None)
        {
            driver?.Dispose();
            host.Dispose();
            throw new PhysrException("create", name, errno, "the peer's NIC could not be set up");
        }

        return new(host, nic, driver!, connection!, memoryLength);
    }

    /// <summary>Registers bytes of its memory.</summary>
    /// <returns><see cref="Errno.EINVAL"/> when they are not all in the user's part.</returns>
    public Errno TryExpose(ulong offset, ulong length, RdmaAccess access, out RdmaMemoryRegion region)
    {
        region = default;
        if (offset > MemoryLength || length > MemoryLength - offset)
        {
            return Errno.EINVAL;
        }

        DmaRangeListBuilder list = new();
        list.Append(new DmaRange(new DmaAddress(offset), length));
        return _driver.TryRegister(list.Build(), access, out region);
    }

    /// <summary>Ends a region.</summary>
    public Errno Withdraw(RdmaMemoryRegion region) => _driver.Deregister(region);

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection.Dispose();
        _driver.Dispose();
        _host.Dispose();
    }
}
