// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Doorbells, round-robin arbitration and the fetch of submission entries.</content>
public sealed partial class NvmeController
{
    // Entries fetched by one bus read at most; also what Arbitration Burst may ask for.
    private const int MaxBurst = 16;

    private bool _isArbitrating;
    private int _nextQueue;

    private int ArbitrationBurst => Math.Min(1 << (int)(_features[(int)FeatureId.Arbitration] & 7), MaxBurst);

    private void RingDoorbell(ulong offset, uint value)
    {
        if (!IsRunning)
        {
            return;
        }

        ulong index = (offset - NvmeRegister.Doorbells) / sizeof(uint);
        int queue = (int)Math.Min(index / 2, int.MaxValue);
        bool isCompletion = index % 2 != 0;
        bool exists = queue < _submission.Length && (isCompletion ? _completion[queue] is not null : _submission[queue] is not null);
        if (!exists)
        {
            ReportAsynchronousEvent(AsynchronousEventType.Error, InvalidDoorbellRegister, LogPageId.ErrorInformation);
            return;
        }

        bool isValid = isCompletion ? _completion[queue]!.TryRing(value) : _submission[queue]!.TryRing(value);
        if (!isValid)
        {
            ReportAsynchronousEvent(AsynchronousEventType.Error, InvalidDoorbellValue, LogPageId.ErrorInformation);
        }
        else if (!isCompletion)
        {
            Arbitrate();
        }
        else if (_completion[queue]!.FirstWaiting is not null)
        {
            Schedule(ControllerEvent.Drain, Bus.Now, queue);
        }
    }

    /// <summary>Asks for a look at the queues, once.</summary>
    private void Arbitrate()
    {
        if (!_isArbitrating && IsRunning)
        {
            _isArbitrating = true;
            Schedule(ControllerEvent.Arbitrate, Bus.Now);
        }
    }

    /// <summary>Fetches one burst from the next queue that has entries (section 3.4.4.1, round robin). With no free slot nothing is fetched until one frees.</summary>
    private void OnArbitrate()
    {
        _isArbitrating = false;
        if (IsRunning)
        {
            SendAsynchronousEvents();
        }

        if (!IsRunning || (_csts >> 2 & 3) != 0 || !TryPickQueue(out SubmissionQueue? queue, out int room))
        {
            return;
        }

        int count = Math.Min(Math.Min(queue!.WaitingContiguous, room), ArbitrationBurst);
        Span<byte> bytes = _fetch.AsSpan(0, count * SubmissionEntry.Size);
        BusCompletion fetched = ReadMemory(queue.Address.Value + ((ulong)queue.Head * SubmissionEntry.Size), bytes, Traffic.Control);
        if (!fetched.IsSuccess)
        {
            GoFatal();
            return;
        }

        queue.Advance(count);
        foreach (SubmissionEntry entry in MemoryMarshal.Cast<byte, SubmissionEntry>(bytes))
        {
            CommandSlot slot = _free[--_freeCount];
            slot.Start(queue, entry);
            Schedule(ControllerEvent.Decode, fetched.FinishedAt, slot);
        }

        Arbitrate();
    }

    private bool TryPickQueue(out SubmissionQueue? queue, out int room)
    {
        int candidate = _nextQueue;
        for (int i = 0; i < _submission.Length; i++)
        {
            int next = candidate + 1 == _submission.Length ? 0 : candidate + 1;
            queue = _submission[candidate];
            if (queue is not null && queue.Waiting != 0)
            {
                room = candidate == 0 ? _freeCount : _freeCount - AdminReserve;
                if (room > 0)
                {
                    _nextQueue = next;
                    return true;
                }
            }

            candidate = next;
        }

        queue = null;
        room = 0;
        return false;
    }

    private void Decode(CommandSlot slot)
    {
        if (slot.Entry.Fused != 0)
        {
            Finish(slot, NvmeStatus.InvalidField.Final());
        }
        else if (slot.Queue!.Id == 0)
        {
            DecodeAdmin(slot);
        }
        else
        {
            DecodeIo(slot);
        }
    }
}
