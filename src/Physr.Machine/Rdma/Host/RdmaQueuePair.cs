// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma.Host;

/// <summary>A reliable-connected queue pair, as the host posts to it. Every request is signaled, and posting allocates nothing.</summary>
public sealed class RdmaQueuePair : IDisposable
{
    private readonly RdmaDriver _driver;
    private readonly IDeviceBuffer _rings;
    private readonly Ring _send;
    private readonly Ring _receive;
    private bool _disposed;

    internal RdmaQueuePair(RdmaDriver driver, IDeviceBuffer rings, RdmaQueuePairLayout layout, uint number)
    {
        _driver = driver;
        _rings = rings;
        Layout = layout;
        Number = number;
        ulong doorbell = RdmaRegisters.QueuePairDoorbells + ((ulong)(number & ((1U << RdmaLimits.QueueIndexBits) - 1)) * 8);
        _send = new(0, layout.SendLog2, doorbell);
        _receive = new(RdmaLimits.WorkRequestSize << layout.SendLog2, layout.ReceiveLog2, doorbell + 4);
    }

    /// <summary>The device's number for it, which the other end connects to.</summary>
    public uint Number { get; }

    /// <summary>Requests posted and not completed, sends and receives together.</summary>
    public int Outstanding => _send.Outstanding + _receive.Outstanding;

    internal RdmaQueuePairLayout Layout { get; }

    /// <summary>Connects to a queue pair of the other end.</summary>
    public Errno Connect(uint peer) => _driver.Command(new() { Opcode = RdmaCommandOpcode.ConnectQueuePair, Target = Number, D = peer }, out _);

    /// <summary>Puts the queue pair in error: what is posted completes as flushed.</summary>
    public Errno Abort() => _driver.Command(new() { Opcode = RdmaCommandOpcode.AbortQueuePair, Target = Number }, out _);

    /// <summary>Asks the device for the state.</summary>
    public Errno TryQuery(out RdmaQueuePairState state)
    {
        Errno errno = _driver.Command(new() { Opcode = RdmaCommandOpcode.QueryQueuePair, Target = Number }, out ulong value);
        state = (RdmaQueuePairState)value;
        return errno;
    }

    /// <summary>Posts an RDMA WRITE of local bytes into the other end's region.</summary>
    /// <param name="local">The region that has the bytes.</param>
    /// <param name="offset">Where they start in it.</param>
    /// <param name="length">How many.</param>
    /// <param name="remote">The other end's region.</param>
    /// <param name="remoteOffset">Where they go in it.</param>
    /// <param name="id">What to call the request.</param>
    /// <param name="fence">Whether to wait for earlier reads first.</param>
    /// <returns><see cref="Errno.EAGAIN"/> when the ring is full. Bounds are the device's to judge.</returns>
    public Errno TryPostWrite(RdmaMemoryRegion local, ulong offset, uint length, RdmaMemoryRegion remote, ulong remoteOffset, ulong id, bool fence = false) =>
        PostTransfer(RdmaOpcode.RdmaWrite, local, offset, length, remote, remoteOffset, id, fence);

    /// <summary>Posts an RDMA READ of the other end's bytes into a local region.</summary>
    /// <inheritdoc cref="TryPostWrite"/>
    public Errno TryPostRead(RdmaMemoryRegion local, ulong offset, uint length, RdmaMemoryRegion remote, ulong remoteOffset, ulong id, bool fence = false) =>
        PostTransfer(RdmaOpcode.RdmaRead, local, offset, length, remote, remoteOffset, id, fence);

    /// <summary>Posts a SEND of a small message.</summary>
    public Errno TryPostSend(RdmaMemoryRegion local, ulong offset, uint length, ulong id) =>
        PostTransfer(RdmaOpcode.Send, local, offset, length, default, 0, id, fence: false);

    /// <summary>Posts a buffer for one message.</summary>
    public Errno TryPostReceive(RdmaMemoryRegion local, ulong offset, uint length, ulong id) => TryPost(isReceive: true, id, new()
    {
        Opcode = RdmaOpcode.Receive,
        LocalKey = local.Key,
        LocalAddress = unchecked(local.FirstAddress + offset),
        Length = length,
    });

    /// <summary>Posts any work request, as it is: for tests of what a device makes of it.</summary>
    public Errno TryPost(bool isReceive, ulong id, in RdmaWorkRequest work)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Ring ring = isReceive ? _receive : _send;
        if (!ring.TryReserve(id, out int offset))
        {
            return Errno.EAGAIN;
        }

        work.Write(_rings.Bytes.Slice(offset, RdmaLimits.WorkRequestSize));
        _driver.Host.WriteRegister32(0, ring.Doorbell, ring.Posted);
        return Errno.None;
    }

    /// <summary>Ends the queue pair; requests without a completion get none.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _driver.Forget(this);
            _rings.Dispose();
        }
    }

    internal RdmaWorkCompletion Take(in RdmaCompletion entry)
    {
        Ring ring = entry.IsReceive ? _receive : _send;
        ulong id = ring.Free(entry.RequestCount);
        return new(id, entry.Opcode, entry.Status, entry.ByteCount, (BusStatus)entry.VendorError, Number);
    }

    private Errno PostTransfer(
        RdmaOpcode opcode, RdmaMemoryRegion local, ulong offset, uint length, RdmaMemoryRegion remote, ulong remoteOffset, ulong id, bool fence) =>
        TryPost(isReceive: false, id, new()
        {
            Opcode = opcode,
            Flags = (byte)(RdmaWorkRequest.FlagSignaled | (fence ? RdmaWorkRequest.FlagFence : 0)),
            Length = length,
            LocalKey = local.Key,
            LocalAddress = unchecked(local.FirstAddress + offset),
            RemoteKey = remote.Key,
            RemoteAddress = unchecked(remote.FirstAddress + remoteOffset),
        });

    private sealed class Ring(int start, int log2, ulong doorbell)
    {
        private readonly ulong[] _ids = new ulong[1 << log2];
        private uint _freed;

        public ulong Doorbell => doorbell;

        public uint Posted { get; private set; }

        public int Outstanding => (int)(Posted - _freed);

        public bool TryReserve(ulong id, out int offset)
        {
            int slot = (int)Posted & (_ids.Length - 1);
            offset = start + (slot * RdmaLimits.WorkRequestSize);
            if (Outstanding == _ids.Length)
            {
                return false;
            }

            _ids[slot] = id;
            Posted++;
            return true;
        }

        /// <summary>Completions of a ring come in its order, so this one frees all before it too.</summary>
        public ulong Free(uint count)
        {
            if (count - _freed >= Posted - _freed)
            {
                throw new PhysrException("poll", "RDMA completion queue", Errno.EIO, $"completion of request {count}, which is not outstanding");
            }

            _freed = count + 1;
            return _ids[(int)count & (_ids.Length - 1)];
        }
    }
}
