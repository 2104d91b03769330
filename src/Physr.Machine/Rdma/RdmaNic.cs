// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma;

/// <summary>An RDMA NIC: queue pairs, completion queues and commands lie in host memory; memory regions are tables of equal aligned blocks that the device walks
/// itself (row R63). Its registers and queue entries are in <see cref="Spec"/>.</summary>
/// <remarks>
/// <para>Whatever the host wrote, the device reads and writes only bytes of regions whose key, domain, rights and bounds allow it, and rings it was given. A bus
/// transaction that does not succeed ends the work request in error and the queue pair with it; no completion says success for bytes that did not move.</para>
/// <para>Steady state allocates nothing: packets are pooled by the network, queue pairs and regions keep their tables.</para>
/// </remarks>
public sealed partial class RdmaNic : WordRegisterDevice, IRdmaEnd
{
    private const int EventCommand = 0;
    private const int EventCommandDone = 1;
    private const int EventSend = 2;
    private const int EventRequestDone = 3;
    private const int EventResponse = 4;
    private const int EventReceiveDone = 5;
    private const int EventReceiverNotReady = 6;

    private readonly RdmaNicOptions _options;
    private readonly QueuePair?[] _queuePairs;
    private readonly CompletionQueue[] _completionQueues;
    private readonly MemoryRegion[] _regions;
    private readonly Stack<int> _freeRegions;
    private readonly int[] _domainUsers;
    private readonly uint[] _queuePairGenerations;
    private ulong _translations;

    // Tells command events from before a reset, which the bus knows nothing of when a register asked for it. Queue pairs have generations.
    private ulong _epoch;
    private IRdmaPort? _port;

    /// <summary>Makes a NIC that is not connected to a network.</summary>
    public RdmaNic(string name, RdmaNicOptions options)
        : base(name, MakeProfile(options))
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxQueues);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxQueues, RdmaLimits.MaxQueues);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.MaxRegions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxRegions, 1 << 20);
        _options = options;
        _queuePairs = new QueuePair?[options.MaxQueues];
        _queuePairGenerations = new uint[options.MaxQueues];
        _completionQueues = new CompletionQueue[options.MaxQueues];
        _regions = new MemoryRegion[options.MaxRegions];
        _freeRegions = new(options.MaxRegions);
        _domainUsers = new int[options.MaxRegions];
        for (int i = 0; i < _completionQueues.Length; i++)
        {
            _completionQueues[i] = new();
        }

        for (int i = 0; i < _regions.Length; i++)
        {
            _regions[i] = new();
        }

        Forget();
    }

    /// <summary>Regions registered now; 0 after a clean teardown.</summary>
    public int LiveRegions => _regions.Length - _freeRegions.Count;

    /// <summary>Queue pairs there are now; 0 after a clean teardown.</summary>
    public int LiveQueuePairs => _queuePairs.Count(queuePair => queuePair is { IsLive: true });

    /// <summary>Plugs the cable in.</summary>
    /// <param name="port">This NIC's side of a network, whose end it is.</param>
    public void Connect(IRdmaPort port)
    {
        ArgumentNullException.ThrowIfNull(port);
        if (_port is not null)
        {
            throw new PhysrException("connect", Name, Errno.EBUSY, "the NIC has one port, and it is in use");
        }

        _port = port;
    }

    /// <inheritdoc/>
    /// <remarks>The other ends of connected queue pairs find out when their retries run out.</remarks>
    public override void Reset()
    {
        foreach (QueuePair? queuePair in _queuePairs)
        {
            if (queuePair is { IsLive: true })
            {
                Release(queuePair);
            }
        }

        Forget();
    }

    /// <inheritdoc/>
    public override void OnEvent(int kind, ulong argument)
    {
        switch (kind)
        {
            case EventCommand:
                RunCommand(argument);
                return;
            case EventCommandDone:
                FinishCommand(argument);
                return;
            default:
                if (TryFind((uint)argument, out QueuePair? queuePair) && queuePair.State == RdmaQueuePairState.ReadyToSend)
                {
                    OnQueuePairEvent(queuePair, kind, (uint)(argument >> 32));
                }

                return;
        }
    }

    private void OnQueuePairEvent(QueuePair queuePair, int kind, uint count)
    {
        switch (kind)
        {
            case EventSend:
                queuePair.IsSendScheduled = false;
                StepSend(queuePair);
                break;
            case EventRequestDone:
                FinishRead(queuePair, count);
                break;
            case EventResponse:
                queuePair.IsResponseScheduled = false;
                StepResponses(queuePair);
                break;
            case EventReceiveDone:
                FinishReceives(queuePair);
                break;
            case EventReceiverNotReady:
                GiveUpParked(queuePair, count);
                break;
        }
    }

    private static DeviceProfile MakeProfile(RdmaNicOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);

        // Class 02 07 00: an InfiniBand controller (PCI Code and ID Assignment Specification, section 1.3).
        return new(options.VendorId, options.DeviceId, 0x02_07_00, [new BarProfile(0, RdmaRegisters.BarSize)], options.Vectors);
    }

    /// <summary>Puts everything that a reset forgets to its defaults; queue pairs were released before.</summary>
    private void Forget()
    {
        ForgetRegisters();
        _epoch++;
        _translations = 0;
        Array.Fill(_domainUsers, -1);
        foreach (CompletionQueue queue in _completionQueues)
        {
            queue.IsLive = false;
            queue.Users = 0;
        }

        _freeRegions.Clear();
        for (int i = _regions.Length - 1; i >= 0; i--)
        {
            _regions[i].IsLive = false;
            _regions[i].Blocks = [];
            _freeRegions.Push(i);
        }
    }
}
