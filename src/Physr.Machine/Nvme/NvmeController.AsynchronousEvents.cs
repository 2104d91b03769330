// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Nvme.Spec;

namespace Physr.Machine.Nvme;

/// <content>Asynchronous events (section 5.2): each type is reported once and then masked until the host reads its log page.</content>
public sealed partial class NvmeController
{
    private const int MaxEventRequests = 4;
    private const byte InvalidDoorbellRegister = 0;
    private const byte InvalidDoorbellValue = 1;
    private const byte TemperatureThresholdReached = 1;

    private readonly ushort[] _eventRequests = new ushort[MaxEventRequests];
    private readonly uint?[] _pendingEvents = new uint?[(int)AsynchronousEventType.Notice + 1];
    private readonly bool[] _isEventMasked = new bool[(int)AsynchronousEventType.Notice + 1];
    private int _eventRequestCount;

    private void ClearAsynchronousEvents()
    {
        _eventRequestCount = 0;
        Array.Clear(_pendingEvents);
        Array.Clear(_isEventMasked);
    }

    private void RequestAsynchronousEvent(CommandSlot slot)
    {
        if (_eventRequestCount == MaxEventRequests)
        {
            Finish(slot, NvmeStatus.AsyncEventLimitExceeded.Final());
            return;
        }

        // The command keeps its identifier but no slot: it may wait for ever.
        _eventRequests[_eventRequestCount++] = slot.Entry.CommandId;
        Release(slot);
        SendAsynchronousEvents();
    }

    private void ReportAsynchronousEvent(AsynchronousEventType type, byte information, LogPageId log)
    {
        if (!_isEventMasked[(int)type])
        {
            _pendingEvents[(int)type] ??= (uint)type | (uint)information << 8 | (uint)log << 16;
            Arbitrate(); // a register write may have caused it, so that the entry is written from an event
        }
    }

    private void SendAsynchronousEvents()
    {
        for (int type = 0; type < _pendingEvents.Length; type++)
        {
            if (_pendingEvents[type] is uint pending && _eventRequestCount != 0 && _completion[0] is { IsFull: false, FirstWaiting: null } queue)
            {
                _pendingEvents[type] = null;
                _isEventMasked[type] = true;
                WriteCompletion(queue, _submission[0]!, _eventRequests[--_eventRequestCount], NvmeStatus.Success, pending);
            }
        }
    }

    /// <summary>The host has read a log page, which arms the events that point to it.</summary>
    private void ArmEvents(LogPageId log)
    {
        AsynchronousEventType? type = log switch
        {
            LogPageId.ErrorInformation => AsynchronousEventType.Error,
            LogPageId.Smart => AsynchronousEventType.Health,
            _ => null,
        };
        if (type is not null)
        {
            _isEventMasked[(int)type.Value] = false;
        }
    }
}
