// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics.CodeAnalysis;
using Physr.Machine.Devices;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma.Host;

/// <summary>The host's driver of an <see cref="RdmaNic"/>: opens it, makes its objects, registers memory, takes it down. Not thread-safe.</summary>
/// <remarks>Calls that need the device run the machine until it answered. When it does not, the driver switches it off, so that it masters the bus no more, and
/// every later command fails the same way.</remarks>
public sealed partial class RdmaDriver : IDisposable
{
    private const int CommandLog2 = 4;
    private const int RingOffset = RdmaLimits.CommandSize << CommandLog2;
    private const int StepsBetweenLooks = 256;

    private readonly IDeviceBuffer _commandBuffer;
    private readonly List<RdmaCompletionQueue> _completionQueues = [];
    private readonly RdmaQueuePair?[] _queuePairs = new RdmaQueuePair?[RdmaLimits.MaxQueues];
    private IDeviceBuffer? _blockList;
    private uint _commands;
    private uint _domain;
    private Errno _broken;
    private bool _disposed;

    private RdmaDriver(IDeviceHost host, IDeviceBuffer commandBuffer)
    {
        Host = host;
        _commandBuffer = commandBuffer;
    }

    /// <summary>Regions registered and not deregistered.</summary>
    public int LiveRegions { get; private set; }

    /// <summary>Most bytes in a SEND.</summary>
    public uint MaxSendSize { get; private set; }

    /// <summary>Whether the network link is up.</summary>
    public bool IsLinkUp => (ReadStatus() & RdmaRegisters.StatusLinkUp) != 0;

    internal IDeviceHost Host { get; }

    /// <summary>Resets the device, gives it a command queue and makes a protection domain.</summary>
    /// <returns><see cref="Errno.ENODEV"/> when nothing answers, <see cref="Errno.EIO"/> when the device cannot work, or what
    /// <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    public static Errno TryOpen(IDeviceHost host, out RdmaDriver? driver)
    {
        ArgumentNullException.ThrowIfNull(host);
        driver = null;
        uint version = host.ReadRegister32(0, RdmaRegisters.Version);
        if (version == uint.MaxValue || version >> 16 != RdmaRegisters.Version10 >> 16)
        {
            return Errno.ENODEV;
        }

        Errno errno = host.TryAllocate(RingOffset + (RdmaLimits.ResponseSize << CommandLog2), "RDMA command queue", out IDeviceBuffer? commandBuffer);
        if (errno != Errno.None)
        {
            return errno;
        }

        RdmaDriver opened = new(host, commandBuffer!);
        errno = opened.Start();
        if (errno != Errno.None)
        {
            opened.Dispose();
            return errno;
        }

        driver = opened;
        return Errno.None;
    }

    /// <summary>Makes a completion queue.</summary>
    /// <param name="capacity">Work requests that may complete there at once; rounded up to a power of two.</param>
    /// <param name="vector">The interrupt.</param>
    /// <param name="queue">The queue.</param>
    /// <returns><see cref="Errno.EINVAL"/> when no ring is that long, the device's answer, or what <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    public Errno TryCreateCompletionQueue(int capacity, int vector, out RdmaCompletionQueue? queue)
    {
        queue = null;
        int log2 = Log2(capacity) + 1;
        if (capacity <= 0 || log2 > RdmaLimits.MaxRingLog2)
        {
            return Errno.EINVAL;
        }

        Errno errno = Host.TryAllocate((ulong)RdmaLimits.CompletionSize << log2, "RDMA completion queue", out IDeviceBuffer? ring);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = Command(
            new() { Opcode = RdmaCommandOpcode.CreateCompletionQueue, A = ring!.Address.Value, D = (uint)log2, E = (uint)vector }, out ulong number);
        if (errno != Errno.None)
        {
            ring.Dispose();
            return errno;
        }

        queue = new(this, ring, log2, (uint)number);
        _completionQueues.Add(queue);
        return Errno.None;
    }

    /// <summary>Makes a queue pair; connect it before use.</summary>
    /// <param name="send">Where sends complete.</param>
    /// <param name="receive">Where receives complete.</param>
    /// <param name="sendEntries">Most sends outstanding; rounded up to a power of two.</param>
    /// <param name="receiveEntries">Most receives outstanding; rounded up to a power of two.</param>
    /// <param name="queuePair">The queue pair.</param>
    /// <returns><see cref="Errno.EINVAL"/> when no ring is that long, <see cref="Errno.ENOSPC"/> when a completion queue could overflow, the device's answer, or
    /// what <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    public Errno TryCreateQueuePair(RdmaCompletionQueue send, RdmaCompletionQueue receive, int sendEntries, int receiveEntries, out RdmaQueuePair? queuePair)
    {
        ArgumentNullException.ThrowIfNull(send);
        ArgumentNullException.ThrowIfNull(receive);
        queuePair = null;
        RdmaQueuePairLayout layout = new(send, receive, Log2(sendEntries), Log2(receiveEntries));
        if (sendEntries <= 0 || receiveEntries <= 0 || layout.SendLog2 > RdmaLimits.MaxRingLog2 || layout.ReceiveLog2 > RdmaLimits.MaxRingLog2)
        {
            return Errno.EINVAL;
        }

        int sends = 1 << layout.SendLog2;
        int receives = 1 << layout.ReceiveLog2;
        bool fits = ReferenceEquals(send, receive)
            ? send.Promised + sends + receives <= send.Capacity
            : send.Promised + sends <= send.Capacity && receive.Promised + receives <= receive.Capacity;
        if (!fits)
        {
            return Errno.ENOSPC;
        }

        Errno errno = Host.TryAllocate((ulong)(sends + receives) * RdmaLimits.WorkRequestSize, "RDMA queue pair", out IDeviceBuffer? rings);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = Command(
            new()
            {
                Opcode = RdmaCommandOpcode.CreateQueuePair,
                A = rings!.Address.Value,
                B = rings.Address.Add((ulong)sends * RdmaLimits.WorkRequestSize).Value,
                D = _domain,
                E = send.Number,
                F = receive.Number,
                G = (uint)(layout.SendLog2 | (layout.ReceiveLog2 << 8)),
            },
            out ulong number);
        if (errno != Errno.None)
        {
            rings.Dispose();
            return errno;
        }

        queuePair = new(this, rings, layout, (uint)number);
        send.Promised += sends;
        receive.Promised += receives;
        _queuePairs[number & (RdmaLimits.MaxQueues - 1)] = queuePair;
        return Errno.None;
    }

    /// <summary>Runs the machine until a queue has a completion.</summary>
    /// <returns><see cref="Errno.None"/>, or why none will come: <see cref="Errno.ENODEV"/> gone, <see cref="Errno.EIO"/> failed, <see cref="Errno.ETIMEDOUT"/>
    /// nothing waits any more.</returns>
    public Errno Wait(RdmaCompletionQueue queue, out RdmaWorkCompletion completion)
    {
        ArgumentNullException.ThrowIfNull(queue);
        for (uint steps = 1; ; steps++)
        {
            if (queue.TryPoll(out completion))
            {
                return Errno.None;
            }

            bool ran = Host.Step();
            if (ran && steps % StepsBetweenLooks != 0)
            {
                continue;
            }

            Errno errno = LookAtDevice();
            if (errno != Errno.None || !ran)
            {
                return errno != Errno.None ? errno : Errno.ETIMEDOUT;
            }
        }
    }

    /// <summary>Ends all objects, switches the device off and gives the memory back.</summary>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        foreach (RdmaQueuePair? queuePair in _queuePairs)
        {
            queuePair?.Dispose();
        }

        while (_completionQueues.Count != 0)
        {
            _completionQueues[^1].Dispose();
        }

        _disposed = true;
        Host.WriteRegister32(0, RdmaRegisters.Control, 0);
        LiveRegions = 0;
        _blockList?.Dispose();
        _commandBuffer.Dispose();
    }

    internal bool TryFind(uint number, [NotNullWhen(true)] out RdmaQueuePair? queuePair)
    {
        queuePair = _queuePairs[number & (RdmaLimits.MaxQueues - 1)];
        return queuePair is not null && queuePair.Number == number;
    }

    internal void Forget(RdmaQueuePair queuePair)
    {
        Command(new() { Opcode = RdmaCommandOpcode.DestroyQueuePair, Target = queuePair.Number }, out _);
        queuePair.Layout.Send.Promised -= 1 << queuePair.Layout.SendLog2;
        queuePair.Layout.Receive.Promised -= 1 << queuePair.Layout.ReceiveLog2;
        _queuePairs[queuePair.Number & (RdmaLimits.MaxQueues - 1)] = null;
    }

    internal void Forget(RdmaCompletionQueue queue)
    {
        Command(new() { Opcode = RdmaCommandOpcode.DestroyCompletionQueue, Target = queue.Number }, out _);
        _completionQueues.Remove(queue);
    }

    private static int Log2(int entries) => entries <= 1 ? 0 : System.Numerics.BitOperations.Log2((uint)entries - 1) + 1;
}
