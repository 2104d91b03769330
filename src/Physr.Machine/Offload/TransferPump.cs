// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Fabric;
using Physr.Machine.Reports;
using Physr.Machine.Scenarios;
using Physr.Machine.Simulation;

namespace Physr.Machine.Offload;

/// <summary>Moves one transfer through staging memory: each slot is fetched into from one end, then stored from to the other, many slots at a time. Once made, a
/// pump allocates nothing for the bytes it moves.</summary>
internal sealed class TransferPump
{
    private const int Batch = 32;

    private readonly Scheduler _scheduler;
    private readonly PciFabric _fabric;
    private readonly ITransferEnd _from;
    private readonly ITransferEnd _to;
    private readonly EndCompletion[] _completions = new EndCompletion[Batch];
    private readonly ulong[] _slotChunk;
    private readonly SimTime[] _slotStarted;
    private readonly DeviceTrack _fromTrack;
    private readonly DeviceTrack _toTrack;
    private readonly Stack<int> _free;
    private readonly Queue<int> _fetched;
    private int _outstanding;

    public TransferPump(SimulatedMachine machine, ITransferEnd from, ITransferEnd to, int slots)
    {
        _scheduler = machine.Scheduler;
        _fabric = machine.Fabric;
        _from = from;
        _to = to;
        _slotChunk = new ulong[slots];
        _slotStarted = new SimTime[slots];
        _fromTrack = new(from.Node.Name, $"fetch {from.Name}");
        _toTrack = new(to.Node.Name, $"store {to.Name}", ReferenceEquals(from.Node, to.Node) ? _fromTrack : null);
        _free = new(slots);
        _fetched = new(slots);
        for (int slot = slots - 1; slot >= 0; slot--)
        {
            _free.Push(slot);
        }
    }

    /// <summary>Commands that never came back; a leak once the run is over.</summary>
    public int Outstanding => _outstanding;

    /// <summary>Moves a transfer's bytes.</summary>
    /// <returns>Null, or what stopped it; the commands in flight have then come back or are counted in <see cref="Outstanding"/>.</returns>
    public string? Run(TransferSpec transfer, ref ulong bytesDone, ulong payload, IRunObserver? observer, CancellationToken cancellation)
    {
        ulong chunks = (transfer.LengthBytes + transfer.ChunkBytes - 1) / transfer.ChunkBytes;
        ulong next = 0;
        ulong stored = 0;
        string? error = null;
        int recoveries = 0;
        while (stored < chunks && (error is null || _outstanding != 0))
        {
            cancellation.ThrowIfCancellationRequested();
            bool moved = false;
            while (error is null && next < chunks && _free.TryPeek(out int slot) && Fetch(transfer, slot, next))
            {
                _free.Pop();
                next++;
                moved = true;
            }

            while (error is null && _fetched.TryPeek(out int slot) && Store(transfer, slot))
            {
                _fetched.Dequeue();
                moved = true;
            }

            moved |= Collect(_from, _fromTrack, isStore: false, transfer, observer, ref stored, ref error, ref bytesDone);
            bool storedAny = Collect(_to, _toTrack, isStore: true, transfer, observer, ref stored, ref error, ref bytesDone);
            if (storedAny)
            {
                observer?.Progress(bytesDone, payload);
            }

            if (moved || storedAny || StepToNews())
            {
                continue;
            }

            // Nothing will happen any more. Drivers are asked to end what they have outstanding, gently and then by switching their device off; what is still
            // missing then is lost.
            error ??= $"{_from.Name} -> {_to.Name}: {_from.Node.Name} and {_to.Node.Name} came to rest with {_outstanding} commands unanswered";
            if (recoveries++ == 2)
            {
                break;
            }

            _from.Recover();
            _to.Recover();
        }

        return error;
    }

    /// <summary>Runs events until a device has written something that polling could find, or none is left; false where none was.</summary>
    private bool StepToNews()
    {
        ulong seen = _fabric.ControlWritesToRam;
        bool stepped = _scheduler.Step();
        while (stepped && _fabric.ControlWritesToRam == seen)
        {
            if (!_scheduler.Step())
            {
                break;
            }
        }

        return stepped;
    }

    private bool Fetch(TransferSpec transfer, int slot, ulong chunk)
    {
        _slotChunk[slot] = chunk;
        _slotStarted[slot] = _scheduler.Now;
        if (!_from.TryFetch(transfer.FromOffset + (chunk * transfer.ChunkBytes), Length(transfer, chunk), StagingOffset(transfer, slot), slot))
        {
            return false;
        }

        _outstanding++;
        return true;
    }

    private bool Store(TransferSpec transfer, int slot)
    {
        ulong chunk = _slotChunk[slot];
        _slotStarted[slot] = _scheduler.Now;
        if (!_to.TryStore(transfer.ToOffset + (chunk * transfer.ChunkBytes), Length(transfer, chunk), StagingOffset(transfer, slot), slot))
        {
            return false;
        }

        _outstanding++;
        return true;
    }

    private bool Collect(
        ITransferEnd end, DeviceTrack track, bool isStore, TransferSpec transfer, IRunObserver? observer, ref ulong stored, ref string? error, ref ulong bytesDone)
    {
        int count = end.Poll(_completions);
        for (int i = 0; i < count; i++)
        {
            EndCompletion completion = _completions[i];
            _outstanding--;
            track.Done(observer, _slotStarted[completion.Tag], _scheduler.Now, Length(transfer, _slotChunk[completion.Tag]));
            if (completion.Error is not null)
            {
                error ??= $"{end.Name}: {completion.Error}";
            }
            else if (isStore)
            {
                stored++;
                bytesDone += Length(transfer, _slotChunk[completion.Tag]);
                _free.Push(completion.Tag);
            }
            else
            {
                _fetched.Enqueue(completion.Tag);
            }
        }

        return count != 0;
    }

    private static uint Length(TransferSpec transfer, ulong chunk) =>
        (uint)Math.Min(transfer.ChunkBytes, transfer.LengthBytes - (chunk * transfer.ChunkBytes));

    private static ulong StagingOffset(TransferSpec transfer, int slot) => (ulong)slot * transfer.ChunkBytes;
}
