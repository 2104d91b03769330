// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Sharing;
using Physr.Machine.Bus;
using Physr.Machine.Fabric;
using Physr.Machine.Gpu;
using Physr.Machine.Gpu.Host;

namespace Physr.Machine.Slices;

/// <summary>A GPU that transfers into and out of lent buffers. Told to give one up it starts nothing more, and unmaps when its transfers are over. Its memory holds, for each
/// buffer, what it writes there and what it read from there.</summary>
internal sealed class SliceImporter : IDmaBufImporter, IDisposable
{
    private readonly GpuDevice _gpu;
    private readonly GpuDriver _driver;
    private readonly IReadOnlyList<SliceBuffer> _buffers;
    private readonly DmaBufAttachment?[] _attachments;
    private readonly DmaBufMapping?[] _mappings;
    private readonly DmaRangeList[] _stale;
    private readonly bool[] _isTold;
    private readonly Dictionary<ulong, DmaFence> _flying = [];
    private readonly ulong _context = DmaFence.NewContext();
    private ulong _lastJob;

    public SliceImporter(SimulatedMachine machine, FabricNode node, IReadOnlyList<SliceBuffer> buffers, int ring)
    {
        Node = node;
        Device = machine.DmaOf(node);
        _gpu = (GpuDevice)node.Device!;
        _buffers = buffers;
        _attachments = new DmaBufAttachment?[buffers.Count];
        _mappings = new DmaBufMapping?[buffers.Count];
        _stale = new DmaRangeList[buffers.Count];
        _isTold = new bool[buffers.Count];
        Errno errno = GpuDriver.TryOpen(machine.HostOf(node), ring, out GpuDriver? driver);
        _driver = errno == Errno.None ? driver! : throw new PhysrException("open GPU", node.Name, errno, "its copy engine does not start");
    }

    public FabricNode Node { get; }

    public DmaDevice Device { get; }

    public bool AllowsPeerToPeer => true;

    public bool CanInvalidateMappings => true;

    /// <summary>Transfers under way.</summary>
    public int InFlight => _flying.Count;

    public int MappingsMade { get; private set; }

    /// <summary>Entries and bytes of the device's lists of all buffers it has mapped.</summary>
    public (int Entries, ulong Bytes) ListSize => (_mappings.Sum(static mapping => mapping?.Addresses.EntryCount ?? 0), _mappings.Aggregate(0UL, static (sum, mapping) => sum + (mapping?.Addresses.PackedBytes ?? 0)));

    /// <summary>What a transfer that should have gone well said; null where each did.</summary>
    public string? Failure { get; private set; }

    public ulong WriteOffset(int buffer) => Area(buffer);

    public ulong ReadOffset(int buffer) => Area(buffer) + _buffers[buffer].Spec.Length;

    public Errno Attach(int buffer)
    {
        Errno errno = _buffers[buffer].Shared.TryAttach(this, Device, out DmaBufAttachment? attachment);
        if (attachment is not null)
        {
            attachment.Tag = buffer;
            _attachments[buffer] = attachment;
        }

        return errno;
    }

    public DmaMapError? Map(int buffer)
    {
        DmaMapError? error = _attachments[buffer]!.TryMapUnlocked(DmaDirection.Bidirectional, out DmaBufMapping? mapping);
        if (mapping is not null)
        {
            _mappings[buffer] = mapping;
            _stale[buffer] = mapping.Addresses;
            _isTold[buffer] = false;
            MappingsMade++;
        }

        return error;
    }

    public void SetBytes(ulong offset, ReadOnlySpan<byte> bytes) => _gpu.Memory.Write(offset, bytes);

    public byte[] GetBytes(ulong offset, ulong length)
    {
        byte[] bytes = new byte[length];
        _gpu.Memory.Read(offset, bytes);
        return bytes;
    }

    /// <summary>Starts a transfer of a whole buffer, with its fence in the buffer's reservation.</summary>
    public Errno Start(int buffer, bool isWrite)
    {
        DmaReservation reservation = _buffers[buffer].Shared.Reservation;
        using DmaReservationHold hold = reservation.Hold();
        if (_mappings[buffer] is not { } mapping || _isTold[buffer])
        {
            return Errno.ENODEV;
        }

        Errno errno = reservation.ReserveFences(1);
        if (errno != Errno.None)
        {
            return errno;
        }

        ulong id = ++_lastJob;
        errno = Post(mapping.Addresses, buffer, isWrite, id);
        if (errno == Errno.None)
        {
            DmaFence fence = new(_context, id);
            reservation.AddFence(fence, isWrite ? DmaFenceUsage.Write : DmaFenceUsage.Read);
            _flying.Add(id, fence);
        }

        return errno;
    }

    /// <summary>Uses the addresses it had before the revoke, as a broken driver or a hostile guest would.</summary>
    public BusStatus TouchStale(int buffer, bool isWrite)
    {
        Errno errno = Post(_stale[buffer], buffer, isWrite, ++_lastJob);
        GpuJobCompletion completion = default;
        errno = errno == Errno.None ? _driver.Wait(out completion) : errno;
        return errno == Errno.None ? completion.BusStatus : throw new PhysrException("touch stale address", Node.Name, errno, "its engine does not answer");
    }

    /// <summary>Takes transfers that ended and signals their fences; unmaps what it was told to give up and no longer uses. Never waits.</summary>
    /// <returns>Whether anything was done.</returns>
    public bool Pump()
    {
        bool any = false;
        while (_driver.TryPoll(out GpuJobCompletion completion))
        {
            any = true;
            if (_flying.Remove(completion.Id, out DmaFence? fence))
            {
                Failure ??= completion.IsSuccess ? null : $"{Node.Name}: a transfer in flight ended in {completion.Status} ({completion.BusStatus})";
                fence.TrySignal(completion.IsSuccess ? Errno.None : Errno.EIO);
            }
        }

        for (int i = 0; i < _mappings.Length && _flying.Count == 0; i++)
        {
            any |= _isTold[i] && TryUnmap(i);
        }

        return any;
    }

    /// <summary>Unmaps one buffer unless somebody holds its reservation.</summary>
    public bool TryUnmap(int buffer)
    {
        if (_mappings[buffer] is not { } mapping || !_buffers[buffer].Shared.Reservation.TryHold(out DmaReservationHold hold))
        {
            return false;
        }

        using (hold)
        {
            _mappings[buffer] = null;
            _attachments[buffer]!.Unmap(mapping);
        }

        return true;
    }

    public void InvalidateMappings(DmaBufAttachment attachment) => _isTold[(int)attachment.Tag!] = attachment.Buffer.IsRevoked;

    /// <summary>Gives everything up; what cannot be is named, null otherwise.</summary>
    public string? TryClose()
    {
        for (int i = 0; i < _mappings.Length; i++)
        {
            if (_mappings[i] is not null && !TryUnmap(i))
            {
                return $"{Node.Name}: a mapping of {_buffers[i].Spec.Name}";
            }

            if (_attachments[i]?.TryDetach() is { } errno and not Errno.None)
            {
                return $"{Node.Name}: its attachment to {_buffers[i].Spec.Name}: {errno}";
            }
        }

        return null;
    }

    public void Dispose() => _driver.Dispose();

    private Errno Post(DmaRangeList list, int buffer, bool isWrite, ulong id) =>
        isWrite ? _driver.TryCopyToBus(WriteOffset(buffer), list, id) : _driver.TryCopyFromBus(list, ReadOffset(buffer), id);

    // Behind one another, each twice: what is written, what was read.
    private ulong Area(int buffer)
    {
        ulong at = 0;
        for (int i = 0; i < buffer; i++)
        {
            at += 2 * _buffers[i].Spec.Length;
        }

        return at;
    }
}
