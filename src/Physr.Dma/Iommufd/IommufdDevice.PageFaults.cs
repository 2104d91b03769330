// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdDevice
{
    /// <summary>Most requests of unfinished groups held for one device. Real devices are bounded by the credits they are granted (PCIe, "Outstanding Page Request Allocation").</summary>
    public const int UnfinishedCapacity = 512;

    private readonly List<PageRequest> _unfinished = [];
    private List<PageRequestGroup> _cancelled = [];

    /// <summary>Takes a page request of the device (<c>iommu_report_device_fault</c>, row R78). Requests wait until the last of their group comes; then the group goes to the fault
    /// queue of what the PASID is attached to. The device is told the outcome through <see cref="IPageRequester"/>, if it is one.</summary>
    /// <param name="request">The request.</param>
    /// <returns><see cref="Errno.ENODEV"/> where nobody takes faults there, <see cref="Errno.ENOMEM"/> where too many wait. A whole group that is refused is answered
    /// with <see cref="PageResponse.Invalid"/> before the call returns.</returns>
    public Errno ReportPageFault(in PageRequest request)
    {
        PageRequestGroup group;
        FaultQueue? queue;
        bool isTaken;
        lock (_lock)
        {
            if (!request.IsLast)
            {
                return Hold(in request);
            }

            queue = FindFaultQueue(request.EffectivePasid, out uint attachment);
            group = new(Id, attachment, TakeGroup(in request), Complete);
            isTaken = queue?.TryAdd(group) == true;
        }

        if (isTaken)
        {
            queue!.Readable?.Invoke();
            return Errno.None;
        }

        group.Answer(PageResponse.Invalid);
        return queue is null ? Errno.ENODEV : Errno.ENOMEM;
    }

    /// <summary>Takes what the device faulted at an attachment that ends out of its queue, to be answered once no lock is held.</summary>
    internal void CancelPageFaults(FaultQueue? queue, uint pasid) => queue?.Cancel(Id, pasid, _cancelled);

    private Errno Hold(in PageRequest request)
    {
        if (_unbound)
        {
            return Errno.ENODEV;
        }

        if (_unfinished.Count == UnfinishedCapacity || !Context.Passes("page request"))
        {
            return Errno.ENOMEM;
        }

        _unfinished.Add(request);
        return Errno.None;
    }

    private List<PageRequest> TakeGroup(in PageRequest last)
    {
        (uint pasid, uint groupId) = (last.EffectivePasid, last.GroupId);
        List<PageRequest> group = _unfinished.FindAll(request => request.GroupId == groupId && request.EffectivePasid == pasid);
        _unfinished.RemoveAll(request => request.GroupId == groupId && request.EffectivePasid == pasid);
        group.Add(last);
        return group;
    }

    private FaultQueue? FindFaultQueue(uint pasid, out uint attachment)
    {
        attachment = pasid;
        if (_attached.TryGetValue(pasid, out HardwarePageTable? table))
        {
            return table.Faults;
        }

        // A guest that has its own PASID table under the device's own attachment answers for every PASID in it.
        attachment = 0;
        return _attached.GetValueOrDefault(0u) is { Domain: INestedDomain { OwnsPasids: true } } own ? own.Faults : null;
    }

    private void Complete(PageRequestGroup group, PageResponse response) =>
        (Hardware as IPageRequester)?.Complete(group.Requests[^1].EffectivePasid, group.GroupId, response);

    private void AnswerCancelled()
    {
        List<PageRequestGroup> cancelled;
        lock (_lock)
        {
            if (_cancelled.Count == 0)
            {
                return;
            }

            (cancelled, _cancelled) = (_cancelled, []);
        }

        cancelled.ForEach(static group => group.Answer(PageResponse.Invalid));
    }
}
