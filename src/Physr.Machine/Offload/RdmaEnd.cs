// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;
using Physr.Machine.Rdma;
using Physr.Machine.Rdma.Host;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Offload;

/// <summary>A remote initiator as the end of a transfer: the NIC reads its memory into staging memory and writes staging memory to it.</summary>
internal sealed class RdmaEnd : ITransferEnd, IDisposable
{
    private const int MaxTransfers = 256;
    private const int Messages = 4;
    private const int MessageBytes = 64;

    private readonly RemoteInitiator _initiator;
    private readonly RdmaDriver _driver;
    private readonly RdmaConnection _connection;
    private readonly RdmaMemoryRegion _remote;
    private readonly bool[] _isPending = new bool[MaxTransfers];
    private readonly BouncedStaging? _bounced;
    private RdmaMemoryRegion _staging;
    private bool _isOpen;
    private bool _isLost;
    private bool _isAborted;

    public RdmaEnd(string name, FabricNode node, SimulatedMachine machine, RemoteInitiator initiator)
    {
        Name = name;
        Node = node;
        _initiator = initiator;
        _bounced = BouncedStaging.For(machine, machine.DmaOf(node), MaxTransfers);
        Require(RdmaDriver.TryOpen(machine.HostOf(node), out RdmaDriver? driver), "open");
        _driver = driver!;
        try
        {
            Require(RdmaConnection.TryCreate(_driver, MaxTransfers, Messages, MessageBytes, out RdmaConnection? connection), "create the queue pair");
            _connection = connection!;
            Require(_connection.QueuePair.Connect(initiator.Connection.QueuePair.Number), "connect");
            Require(initiator.Connection.QueuePair.Connect(_connection.QueuePair.Number), "connect the initiator");
            RdmaAccess all = RdmaAccess.LocalWrite | RdmaAccess.RemoteRead | RdmaAccess.RemoteWrite;
            Require(initiator.TryExpose(0, initiator.MemoryLength, all, out _remote), "expose the initiator's memory");
        }
        catch (PhysrException)
        {
            _connection?.Dispose();
            _driver.Dispose();
            throw;
        }
    }

    public string Name { get; }

    public FabricNode Node { get; }

    public bool NeedsOneMapping => true;

    public void Open(DmaRangeList staging, CommandMappings? commands = null)
    {
        if (_isLost)
        {
            throw new PhysrException("register the staging memory", $"{Name} through {Node.Name}", Errno.ENODEV, "the NIC was lost in an earlier transfer");
        }

        if (!_isOpen)
        {
            Require(_driver.TryRegister(staging, RdmaAccess.LocalWrite, out _staging), "register the staging memory");
            _bounced?.Open(staging);
            _isOpen = true;
        }
    }

    public bool TryFetch(ulong offset, uint length, ulong stagingOffset, int tag)
    {
        _bounced?.BeforeFetch(tag, stagingOffset, length);
        return Started(tag, _connection.QueuePair.TryPostRead(_staging, stagingOffset, length, _remote, offset, (ulong)tag));
    }

    public bool TryStore(ulong offset, uint length, ulong stagingOffset, int tag)
    {
        _bounced?.BeforeStore(tag, stagingOffset, length);
        return Started(tag, _connection.QueuePair.TryPostWrite(_staging, stagingOffset, length, _remote, offset, (ulong)tag));
    }

    public int Poll(Span<EndCompletion> completions)
    {
        int count = 0;
        while (!_isLost && count < completions.Length && _connection.TryComplete(out RdmaWorkCompletion done))
        {
            _isPending[done.Id] = false;
            _bounced?.Done((int)done.Id, done.IsSuccess);
            completions[count++] = new((int)done.Id, done.IsSuccess ? null : Describe(done));
        }

        for (int tag = 0; _isLost && tag < _isPending.Length && count < completions.Length; tag++)
        {
            if (_isPending[tag])
            {
                _isPending[tag] = false;
                completions[count++] = new(tag, "lost with the NIC, which no longer answers");
            }
        }

        return count;
    }

    public void Recover()
    {
        if (!_isAborted)
        {
            _isAborted = true;
            _connection.QueuePair.Abort();
        }
        else if (!_isLost)
        {
            // Not even flushed completions arrive. The device is switched off, after which it reaches no memory; then what it held can be called lost.
            Dispose();
            _isLost = true;
        }
    }

    public void Close()
    {
        if (_isOpen && !_isLost)
        {
            _driver.Deregister(_staging);
        }

        _isOpen = false;
    }

    public void Inspect(ulong offset, Span<byte> destination) => _initiator.Memory.Read(offset, destination);

    public void Dispose()
    {
        Close();
        if (!_isLost)
        {
            _connection.Dispose();
            _driver.Dispose();
        }
    }

    /// <summary>A ring that is full takes the request later; any other answer means that the NIC is lost, and the request comes back with the rest.</summary>
    private bool Started(int tag, Errno errno)
    {
        _isPending[tag] |= errno != Errno.EAGAIN;
        return errno != Errno.EAGAIN;
    }

    private static string Describe(in RdmaWorkCompletion done)
    {
        string bus = done.BusStatus == Bus.BusStatus.Success ? "" : $" ({done.BusStatus} on the bus)";
        string request = done.Opcode == RdmaOpcode.Invalid ? "a work request" : $"{done.Opcode}";
        return $"{request} ended with {done.Status}{bus}";
    }

    private void Require(Errno errno, string what)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException(what, $"{Name} through {Node.Name}", errno, errno == Errno.ENOMEM ? "no host memory is left for its queues" : "the NIC did not answer as it should");
        }
    }
}
