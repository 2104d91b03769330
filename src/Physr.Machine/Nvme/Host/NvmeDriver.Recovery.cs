// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme.Host;

/// <content>What happens when commands do not end by themselves.</content>
public sealed partial class NvmeDriver
{
    /// <summary>Lets the machine run until there are results. Commands that cannot end, because the time is over or nothing is left that could happen, are aborted or
    /// ended by a reset; every outstanding request gets its result.</summary>
    /// <param name="results">Where results go, at least one.</param>
    /// <returns>How many; 0 only where nothing is outstanding.</returns>
    public int Wait(Span<NvmeResult> results)
    {
        ArgumentOutOfRangeException.ThrowIfZero(results.Length);
        while (true)
        {
            int count = Poll(results);
            if (count != 0 || Outstanding == 0)
            {
                return count;
            }

            bool isIdle = Failure == Errno.None && !_host.Step();
            if (isIdle || Failure != Errno.None || HasOverdue())
            {
                Recover(isIdle);
            }
        }
    }

    /// <summary>Ends what cannot end by itself: aborts commands whose time is over, and resets the controller where that does not end them or where it has failed.</summary>
    /// <param name="isMachineIdle">Nothing is left that could happen: every outstanding command counts as overdue.</param>
    public void Recover(bool isMachineIdle = false)
    {
        foreach (QueuePair queue in _queues)
        {
            Reap(queue);
        }

        ControllerStatus status = new(_host.ReadRegister32(NvmeRegister.Bar, NvmeRegister.CSTS));
        if (Failure != Errno.None || status.IsGone || status.IsFatal || !TryAbortOverdue(isMachineIdle))
        {
            ResetController();
        }
    }

    /// <summary>Disables the controller, ends all its commands with Command Aborted By Host, and brings it up again. Where that fails, <see cref="Failure"/> tells, and
    /// waiting requests end too.</summary>
    public void ResetController()
    {
        Resets++;
        Errno errno = Disable();
        foreach (QueuePair queue in _queues)
        {
            Reap(queue); // what completed before the reset did complete
        }

        AbandonCommands();
        errno = errno != Errno.None ? errno : Enable();
        errno = errno != Errno.None ? errno : CreateQueues();
        if (errno != Errno.None)
        {
            Fail(errno);
        }
        else
        {
            Failure = Errno.None;
        }
    }

    private bool HasOverdue()
    {
        foreach (QueuePair queue in _queues)
        {
            for (ushort id = 0; id < queue.MaxOutstanding && queue.Outstanding != 0; id++)
            {
                if (IsOverdue(queue, id))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private bool IsOverdue(QueuePair queue, ushort id)
    {
        QueuePair.Command command = queue.CommandAt(id);
        return command.IsBusy && _host.Now.CompareTo(command.Deadline) > 0;
    }

    private bool TryAbortOverdue(bool isMachineIdle)
    {
        foreach (QueuePair queue in _queues)
        {
            for (ushort id = 0; id < queue.MaxOutstanding; id++)
            {
                if (!IsOverdue(queue, id) && !(isMachineIdle && queue.CommandAt(id).IsBusy))
                {
                    continue;
                }

                SubmissionEntry abort = new()
                {
                    Cdw0 = SubmissionEntry.Command((byte)AdminOpcode.Abort, 0),
                    Cdw10 = (uint)queue.Id | (uint)id << 16,
                };
                const uint notAborted = 1;
                Errno errno = Admin(abort, out uint result, out _);
                Reap(queue);
                if (errno != Errno.None || ((result & notAborted) != 0 && queue.CommandAt(id).IsBusy))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private void Fail(Errno errno)
    {
        Failure = errno;
        AbandonCommands();
        while (_pending.Count != 0)
        {
            int index = _pending.Pop();
            ref Request request = ref _requests[index];
            request.Status = request.Status.IsSuccess ? NvmeStatus.AbortedByHost : request.Status;
            request.BlocksLeft = 0;
            request.IsSent = true;
            FinishWhenDone(index, ref request);
        }
    }

    private void AbandonCommands()
    {
        foreach (QueuePair queue in _queues)
        {
            for (ushort id = 0; id < queue.MaxOutstanding; id++)
            {
                if (queue.CommandAt(id) is { IsBusy: true } command)
                {
                    EndCommand(command, NvmeStatus.AbortedByHost);
                }
            }

            queue.Clear();
        }
    }
}
