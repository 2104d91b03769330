// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Rdma.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Rdma;

/// <content>The command queue: one command at a time, in order.</content>
public sealed partial class RdmaNic
{
    private uint _commandsPosted;
    private uint _commandsDone;
    private bool _isCommandScheduled;
    private RdmaResponse _response;

    private void RingCommands(uint posted)
    {
        uint room = (1U << (int)_commandRingLog2) - (_commandsPosted - _commandsDone);
        if (posted - _commandsPosted > room)
        {
            Fail();
            return;
        }

        _commandsPosted = posted;
        ScheduleCommand(Bus.Now);
    }

    private void ScheduleCommand(SimTime when)
    {
        if (!_isCommandScheduled && _commandsDone != _commandsPosted)
        {
            _isCommandScheduled = true;
            Bus.ScheduleAt(SimTime.Max(when, Bus.Now), EventCommand, _epoch);
        }
    }

    private void RunCommand(ulong epoch)
    {
        if (!IsWorking || epoch != _epoch)
        {
            return;
        }

        Span<byte> bytes = stackalloc byte[RdmaLimits.CommandSize];
        ulong slot = _commandsDone & ((1U << (int)_commandRingLog2) - 1);
        BusCompletion fetch = Bus.Read(new DmaAddress(_commandRing + (slot * RdmaLimits.CommandSize)), bytes, Traffic.Control);
        SimTime doneAt = SimTime.Max(fetch.FinishedAt, Bus.Now).Add(_options.RequestDelay);
        ulong value = 0;
        Errno errno = fetch.IsSuccess ? Execute(RdmaCommand.Read(bytes), out value, ref doneAt) : Errno.EIO;
        _response = new(_commandsDone, errno, value, RdmaCompletion.PhaseOf(_commandsDone, (int)_commandRingLog2));
        Bus.ScheduleAt(doneAt, EventCommandDone, _epoch);
    }

    private void FinishCommand(ulong epoch)
    {
        if (!IsWorking || epoch != _epoch)
        {
            return;
        }

        Span<byte> bytes = stackalloc byte[RdmaLimits.ResponseSize];
        _response.Write(bytes);
        ulong slot = _commandsDone & ((1U << (int)_commandRingLog2) - 1);
        BusCompletion write = Bus.Write(new DmaAddress(_responseRing + (slot * RdmaLimits.ResponseSize)), bytes, Traffic.Control);
        if (!write.IsSuccess)
        {
            Fail();
            return;
        }

        _commandsDone++;
        _isCommandScheduled = false;
        ScheduleCommand(write.FinishedAt);
    }

    private Errno Execute(in RdmaCommand command, out ulong value, ref SimTime doneAt)
    {
        value = 0;
        return command.Opcode switch
        {
            RdmaCommandOpcode.AllocateDomain => AllocateDomain(out value),
            RdmaCommandOpcode.FreeDomain => FreeDomain(command.Target),
            RdmaCommandOpcode.CreateCompletionQueue => CreateCompletionQueue(command, out value),
            RdmaCommandOpcode.DestroyCompletionQueue => DestroyCompletionQueue(command.Target),
            RdmaCommandOpcode.CreateQueuePair => CreateQueuePair(command, out value),
            RdmaCommandOpcode.ConnectQueuePair => ConnectQueuePair(command.Target, command.D),
            RdmaCommandOpcode.AbortQueuePair => WithQueuePair(command.Target, static (nic, queuePair) => nic.EnterError(queuePair)),
            RdmaCommandOpcode.DestroyQueuePair => WithQueuePair(command.Target, static (nic, queuePair) => nic.Release(queuePair)),
            RdmaCommandOpcode.QueryQueuePair => QueryQueuePair(command.Target, out value),
            RdmaCommandOpcode.RegisterMemory => RegisterMemory(command, out value, ref doneAt),
            RdmaCommandOpcode.DeregisterMemory => DeregisterMemory(command.Target),
            _ => Errno.EINVAL,
        };
    }

    private Errno AllocateDomain(out ulong value)
    {
        int index = Array.IndexOf(_domainUsers, -1);
        value = (ulong)Math.Max(index, 0);
        if (index < 0)
        {
            return Errno.ENOMEM;
        }

        _domainUsers[index] = 0;
        return Errno.None;
    }

    private Errno FreeDomain(uint domain)
    {
        if (!IsDomain(domain))
        {
            return Errno.ENOENT;
        }

        if (_domainUsers[domain] != 0)
        {
            return Errno.EBUSY;
        }

        _domainUsers[domain] = -1;
        return Errno.None;
    }

    private bool IsDomain(uint domain) => domain < (uint)_domainUsers.Length && _domainUsers[domain] >= 0;

    private Errno CreateCompletionQueue(in RdmaCommand command, out ulong value)
    {
        value = 0;
        if (command.D > RdmaLimits.MaxRingLog2 || !IsRing(command.A, (int)command.D, RdmaLimits.CompletionSize) || command.E >= (uint)_options.Vectors)
        {
            return Errno.EINVAL;
        }

        int index = Array.FindIndex(_completionQueues, static queue => !queue.IsLive);
        if (index < 0)
        {
            return Errno.ENOMEM;
        }

        CompletionQueue created = _completionQueues[index];
        created.IsLive = true;
        created.Ring = new(command.A);
        created.Log2 = (int)command.D;
        created.Vector = (int)command.E;
        created.IsArmed = false;
        created.Produced = 0;
        created.Consumed = 0;
        created.Users = 0;
        value = (ulong)index;
        return Errno.None;
    }

    private Errno DestroyCompletionQueue(uint index)
    {
        if (!IsCompletionQueue(index))
        {
            return Errno.ENOENT;
        }

        if (_completionQueues[index].Users != 0)
        {
            return Errno.EBUSY;
        }

        _completionQueues[index].IsLive = false;
        return Errno.None;
    }

    private bool IsCompletionQueue(uint index) => index < (uint)_completionQueues.Length && _completionQueues[index].IsLive;
}
