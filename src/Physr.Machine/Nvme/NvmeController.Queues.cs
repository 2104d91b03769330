// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Creation and deletion of I/O queues (sections 5.4 to 5.7).</content>
public sealed partial class NvmeController
{
    private void CreateCompletionQueue(CommandSlot slot)
    {
        int id = (int)(slot.Entry.Cdw10 & 0xFFFF);
        int size = (int)(slot.Entry.Cdw10 >> 16) + 1;
        int vector = (int)(slot.Entry.Cdw11 >> 16);
        NvmeStatus? wrong = CheckQueue(slot, id, size, _cc.CompletionEntryShift == 4)
            ?? (id < _completion.Length && _completion[id] is not null ? NvmeStatus.InvalidQueueId : (NvmeStatus?)null)
            ?? (vector >= Profile.MsixVectors ? NvmeStatus.InvalidInterruptVector : (NvmeStatus?)null);
        if (wrong is not null)
        {
            Finish(slot, wrong.Value.Final());
            return;
        }

        _completion[id] = new(id, new(slot.Entry.Prp1), size, vector, interruptsEnabled: (slot.Entry.Cdw11 & 2) != 0);
        Finish(slot, NvmeStatus.Success);
    }

    private void CreateSubmissionQueue(CommandSlot slot)
    {
        int id = (int)(slot.Entry.Cdw10 & 0xFFFF);
        int size = (int)(slot.Entry.Cdw10 >> 16) + 1;
        int completions = (int)(slot.Entry.Cdw11 >> 16);
        NvmeStatus? wrong = CheckQueue(slot, id, size, _cc.SubmissionEntryShift == 6)
            ?? (_submission[id] is not null || completions == 0 || completions >= _completion.Length ? NvmeStatus.InvalidQueueId : (NvmeStatus?)null)
            ?? (_completion[completions] is null ? NvmeStatus.CompletionQueueInvalid : (NvmeStatus?)null);
        if (wrong is not null)
        {
            Finish(slot, wrong.Value.Final());
            return;
        }

        CompletionQueue target = _completion[completions]!;
        target.Users++;
        _submission[id] = new(id, new(slot.Entry.Prp1), size, target);
        Finish(slot, NvmeStatus.Success);
    }

    private NvmeStatus? CheckQueue(CommandSlot slot, int id, int size, bool isEntrySizeSet)
    {
        bool isContiguous = (slot.Entry.Cdw11 & 1) != 0;
        if (id == 0 || id >= _submission.Length)
        {
            return NvmeStatus.InvalidQueueId;
        }

        if (size < 2 || size > _options.MaxQueueEntries || !isEntrySizeSet)
        {
            return NvmeStatus.InvalidQueueSize;
        }

        if (!isContiguous)
        {
            return NvmeStatus.InvalidField; // CAP.CQR
        }

        return (slot.Entry.Prp1 & (PageBytes - 1)) != 0 ? NvmeStatus.PrpOffsetInvalid : null;
    }

    private void DeleteCompletionQueue(CommandSlot slot)
    {
        int id = (int)(slot.Entry.Cdw10 & 0xFFFF);
        if (id == 0 || id >= _completion.Length || _completion[id] is null)
        {
            Finish(slot, NvmeStatus.InvalidQueueId.Final());
            return;
        }

        CompletionQueue queue = _completion[id]!;
        if (queue.Users != 0)
        {
            Finish(slot, NvmeStatus.InvalidQueueDeletion.Final());
            return;
        }

        while (queue.Dequeue() is CommandSlot unheard)
        {
            Release(unheard);
        }

        _completion[id] = null;
        Finish(slot, NvmeStatus.Success);
    }

    /// <summary>Commands in work end with Command Aborted due to SQ Deletion, before the deletion's own completion; entries not yet fetched are forgotten.</summary>
    private void DeleteSubmissionQueue(CommandSlot slot)
    {
        int id = (int)(slot.Entry.Cdw10 & 0xFFFF);
        if (id == 0 || id >= _submission.Length || _submission[id] is null)
        {
            Finish(slot, NvmeStatus.InvalidQueueId.Final());
            return;
        }

        SubmissionQueue queue = _submission[id]!;
        _submission[id] = null;
        queue.Completions.Users--;
        foreach (CommandSlot other in _slots)
        {
            if (other.InUse && !other.HasEnded && other.Queue == queue)
            {
                Finish(other, NvmeStatus.AbortedSqDeletion);
                if (!slot.InUse)
                {
                    return; // the completion could not be written
                }
            }
        }

        Finish(slot, NvmeStatus.Success);
    }
}
