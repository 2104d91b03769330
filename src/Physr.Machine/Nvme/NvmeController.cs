// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme;

/// <summary>An NVMe controller (NVMe Base Specification 2.0, NVM Command Set 1.0, PCIe transport): queues, PRPs and SGLs, several namespaces, and a controller
/// memory buffer that peers can address. BAR 0 holds the registers; the buffer, where there is one, fills a BAR of its own.</summary>
/// <remarks>Register writes only take note and ask for an event: nothing runs inside them, so a command whose data pointers aim at the controller's own registers
/// cannot re-enter it. A bus transaction that fails ends its command with Data Transfer Error; where no command can be told (a submission entry that cannot be
/// fetched, a completion entry that cannot be written) the controller goes fatal (CSTS.CFS). In steady state nothing is allocated.</remarks>
public sealed partial class NvmeController : DeviceModel
{
    // Registers, doorbells of 256 queue pairs, and room for a vector table that a bus may place behind them.
    private const ulong RegisterBarBytes = 16 << 10;

    // Commands that only the admin queue may use, so that a host whose I/O completions are stuck can still abort and delete.
    private const int AdminReserve = 4;

    private const int TimeoutHalfSeconds = 20;

    private const int MaxPageShift = 16;

    private static readonly SimTime EnableTime = SimTime.FromNanoseconds(10_000);

    private readonly NvmeControllerOptions _options;
    private readonly SparseMemory? _cmb;
    private readonly NvmeNamespace[] _namespaces;
    private readonly CommandSlot[] _slots;
    private readonly CommandSlot[] _free;
    private readonly SubmissionQueue?[] _submission;
    private readonly CompletionQueue?[] _completion;
    private readonly byte[] _fetch = new byte[SubmissionEntry.Size * MaxBurst];
    private readonly byte[] _list = new byte[1 << MaxPageShift];
    private readonly byte[] _staging = new byte[64 << 10];
    private readonly byte[] _entry = new byte[CompletionEntry.Size];
    private int _freeCount;
    private uint _epoch;
    private bool _disposed;

    /// <summary>Makes a controller. It owns the media of its namespaces.</summary>
    /// <exception cref="PhysrException">EINVAL: an option that no controller can have.</exception>
    public NvmeController(string name, NvmeControllerOptions options)
        : base(name, MakeProfile(name, options))
    {
        _options = options;
        _cmb = options.MemoryBufferBytes == 0 ? null : new SparseMemory($"{name} CMB", options.MemoryBufferBytes);
        _namespaces = [.. options.Namespaces.Select((ns, i) => new NvmeNamespace((uint)i + 1, ns))];
        _slots = [.. Enumerable.Range(0, options.MaxOutstanding).Select(i => new CommandSlot(i))];
        _free = new CommandSlot[_slots.Length];
        _submission = new SubmissionQueue?[options.MaxIoQueues + 1];
        _completion = new CompletionQueue?[options.MaxIoQueues + 1];
        Capabilities = ControllerCapabilities.Create(options.MaxQueueEntries, TimeoutHalfSeconds, MaxPageShift, _cmb is not null);
        ClearWork();
        ResetFeatures();
    }

    /// <summary>The CAP property.</summary>
    public ControllerCapabilities Capabilities { get; }

    /// <summary>The controller memory buffer; null where there is none.</summary>
    public SparseMemory? MemoryBuffer => _cmb;

    /// <summary>Commands fetched and not yet completed; outstanding Asynchronous Event Requests are not among them.</summary>
    public int CommandsInWork => _slots.Length - _freeCount;

    /// <summary>What the controller has done since it was made.</summary>
    public NvmeStatistics Statistics { get; private set; }

    /// <inheritdoc/>
    public override void Reset()
    {
        ClearWork();
        ResetFeatures();
        _cc = default;
        _csts = 0;
        _interruptMask = 0;
        _adminAttributes = 0;
        _adminSubmission = 0;
        _adminCompletion = 0;
        _cmbControl = 0;
    }

    /// <inheritdoc/>
    public override bool TryGetBarMemory(int bar, ulong offset, out SparseMemory? memory, out ulong memoryOffset, out ulong length)
    {
        bool isBuffer = _cmb is not null && bar == _options.MemoryBufferBar && offset < _cmb.Length;
        memory = isBuffer ? _cmb : null;
        memoryOffset = isBuffer ? offset : 0;
        length = isBuffer ? _cmb!.Length - offset : 0;
        return isBuffer;
    }

    /// <inheritdoc/>
    public override void OnEvent(int kind, ulong argument)
    {
        ControllerEvent what = (ControllerEvent)kind;
        if (what >= ControllerEvent.Decode)
        {
            CommandSlot slot = _slots[(int)(argument & 0xFFFF)];
            if (slot.InUse && slot.Generation == (uint)(argument >> 16))
            {
                OnCommandEvent(what, slot);
            }

            return;
        }

        if ((uint)(argument >> 16) == _epoch)
        {
            OnControllerEvent(what, (int)(argument & 0xFFFF));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (!_disposed)
        {
            _disposed = true;
            _cmb?.Dispose();
            foreach (NvmeNamespace ns in _namespaces)
            {
                ns.Media.Dispose();
            }
        }

        base.Dispose(disposing);
    }

    private static DeviceProfile MakeProfile(string name, NvmeControllerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(name);
        List<BarProfile> bars = [new(0, RegisterBarBytes)];
        if (options.MemoryBufferBytes != 0)
        {
            bars.Add(new(options.MemoryBufferBar, options.MemoryBufferBytes, IsPrefetchable: true));
        }

        const uint nvmExpressIo = 0x01_08_02;
        return new(options.VendorId, options.DeviceId, nvmExpressIo, bars, options.MaxIoQueues + 1);
    }

    private void OnControllerEvent(ControllerEvent what, int queue)
    {
        switch (what)
        {
            case ControllerEvent.Enabled:
                OnEnabled();
                break;
            case ControllerEvent.Disabled:
                OnDisabled();
                break;
            case ControllerEvent.ShutDown:
                OnShutDown();
                break;
            case ControllerEvent.Arbitrate:
                OnArbitrate();
                break;
            case ControllerEvent.Drain:
                OnDrain(queue);
                break;
            case ControllerEvent.Interrupt:
                OnInterrupt(queue);
                break;
        }
    }

    private void OnCommandEvent(ControllerEvent what, CommandSlot slot)
    {
        switch (what)
        {
            case ControllerEvent.Decode:
                Decode(slot);
                break;
            case ControllerEvent.ReadList:
                ReadList(slot);
                break;
            case ControllerEvent.PointersKnown:
                OnPointersKnown(slot);
                break;
            case ControllerEvent.Transfer:
                Transfer(slot);
                break;
            case ControllerEvent.Complete:
                Complete(slot);
                break;
        }
    }

    private void Schedule(ControllerEvent what, SimTime when, int queue = 0) => Bus.ScheduleAt(when, (int)what, (ulong)_epoch << 16 | (uint)queue);

    private void Schedule(ControllerEvent what, SimTime when, CommandSlot slot) =>
        Bus.ScheduleAt(SimTime.Max(when, Bus.Now), (int)what, (ulong)slot.Generation << 16 | (uint)slot.Index);

    /// <summary>Forgets queues, commands and events in flight.</summary>
    private void ClearWork()
    {
        _epoch++;
        Array.Clear(_submission);
        Array.Clear(_completion);
        _freeCount = _slots.Length;
        for (int i = 0; i < _slots.Length; i++)
        {
            _slots[i].InUse = false;
            _slots[i].Generation++;
            _slots[i].Next = null;
            _free[i] = _slots[_slots.Length - 1 - i];
        }

        _isArbitrating = false;
        _nextQueue = 0;
        _mediaFree = default;
        ClearAsynchronousEvents();
    }

    /// <summary>Gives up: no command can be told of the failure (section 9.5: CSTS.CFS).</summary>
    private void GoFatal()
    {
        ClearWork();
        _csts |= ControllerStatus.FatalBit;
        if (!_cc.IsEnabled)
        {
            Schedule(ControllerEvent.Disabled, Bus.Now); // the reset that the host has already asked for was forgotten with the rest
        }
    }
}
