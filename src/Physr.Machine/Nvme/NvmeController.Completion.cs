// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Bus;
using Physr.Machine.Nvme.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Nvme;

/// <content>The end of commands: completion entries, phase tags, interrupts.</content>
public sealed partial class NvmeController
{
    /// <summary>Ends a command now.</summary>
    private void Finish(CommandSlot slot, NvmeStatus status, uint result = 0)
    {
        slot.Status = status;
        slot.Result = result;
        Complete(slot);
    }

    /// <summary>Ends a command at a moment.</summary>
    private void FinishAt(CommandSlot slot, NvmeStatus status, SimTime when)
    {
        slot.Status = status;
        Schedule(ControllerEvent.Complete, when, slot);
    }

    private void Complete(CommandSlot slot)
    {
        if (!slot.Status.IsSuccess)
        {
            LogError(slot);
        }

        CompletionQueue queue = slot.Queue!.Completions;
        if (queue.FirstWaiting is not null || queue.IsFull)
        {
            slot.HasEnded = true;
            slot.Generation++; // nothing but room in the queue can move it now
            queue.Enqueue(slot);
            return;
        }

        WriteCompletion(queue, slot.Queue, slot.Entry.CommandId, slot.Status, slot.Result);
        Release(slot);
    }

    private void OnDrain(int id)
    {
        CompletionQueue? queue = _completion[id];
        while (queue is { IsFull: false, FirstWaiting: not null } && IsRunning)
        {
            CommandSlot slot = queue.Dequeue()!;
            WriteCompletion(queue, slot.Queue!, slot.Entry.CommandId, slot.Status, slot.Result);
            Release(slot);
        }
    }

    private void Release(CommandSlot slot)
    {
        if (!slot.InUse)
        {
            return; // the completion could not be written, and the controller forgot all work
        }

        slot.InUse = false;
        slot.Generation++;
        slot.Queue = null;
        _free[_freeCount++] = slot;
        Arbitrate();
    }

    private void WriteCompletion(CompletionQueue queue, SubmissionQueue source, ushort commandId, NvmeStatus status, uint result)
    {
        CompletionEntry entry = new()
        {
            Result = result,
            SubmissionHead = (ushort)source.Head,
            SubmissionQueueId = (ushort)source.Id,
            CommandId = commandId,
            StatusAndPhase = (ushort)(status.Value << 1 | (queue.Phase ? 1 : 0)),
        };
        MemoryMarshal.Write(_entry, entry);
        BusCompletion written = WriteMemory(queue.Address.Value + ((ulong)queue.Tail * CompletionEntry.Size), _entry, Traffic.Control);
        if (!written.IsSuccess)
        {
            GoFatal();
            return;
        }

        queue.Advance();
        Statistics = Statistics with { Commands = Statistics.Commands + 1, Errors = Statistics.Errors + (status.IsSuccess ? 0u : 1u) };
        if (queue.InterruptsEnabled && !queue.InterruptScheduled)
        {
            queue.InterruptScheduled = true;
            Schedule(ControllerEvent.Interrupt, SimTime.Max(written.FinishedAt, Bus.Now), queue.Id);
        }
    }

    private void OnInterrupt(int id)
    {
        if (_completion[id] is CompletionQueue queue)
        {
            queue.InterruptScheduled = false;
            if (!IsMasked(queue))
            {
                RaiseInterrupt(queue);
            }
        }
    }

    /// <summary>INTMC: queues whose vector is unmasked and that still hold entries interrupt now.</summary>
    private void UnmaskInterrupts(uint vectors)
    {
        uint opened = _interruptMask & vectors;
        _interruptMask &= ~vectors;
        foreach (CompletionQueue? queue in _completion)
        {
            if (queue is { InterruptsEnabled: true, IsEmpty: false, Vector: < 32 } && (opened >> queue.Vector & 1) != 0)
            {
                RaiseInterrupt(queue);
            }
        }
    }

    private bool IsMasked(CompletionQueue queue) => queue.Vector < 32 && (_interruptMask >> queue.Vector & 1) != 0;

    private void RaiseInterrupt(CompletionQueue queue)
    {
        Statistics = Statistics with { Interrupts = Statistics.Interrupts + 1 };
        Bus.RaiseInterrupt(queue.Vector);
    }
}
