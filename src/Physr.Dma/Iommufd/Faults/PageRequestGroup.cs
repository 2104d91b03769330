// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>The page requests of one device that are answered together (the kernel's <c>iopf_group</c>). It is answered exactly once, whoever comes first.</summary>
public sealed class PageRequestGroup
{
    private readonly Action<PageRequestGroup, PageResponse> _answer;
    private int _isAnswered;

    internal PageRequestGroup(uint deviceId, uint attachment, IReadOnlyList<PageRequest> requests, Action<PageRequestGroup, PageResponse> answer)
    {
        DeviceId = deviceId;
        Attachment = attachment;
        Requests = requests;
        _answer = answer;
    }

    /// <summary>The id of the device object that faulted.</summary>
    public uint DeviceId { get; }

    /// <summary>The PASID at which the device is attached to what takes the faults: the requests' own, or 0 where a guest answers for all.</summary>
    public uint Attachment { get; }

    /// <summary>The requests, in the order in which they came; the last of them ends the group.</summary>
    public IReadOnlyList<PageRequest> Requests { get; }

    /// <summary>The device's number for the group.</summary>
    public uint GroupId => Requests[^1].GroupId;

    /// <summary>What the user answers by, once it was read.</summary>
    internal uint Cookie { get; set; }

    internal void Answer(PageResponse response)
    {
        if (Interlocked.Exchange(ref _isAnswered, 1) == 0)
        {
            _answer(this, response);
        }
    }
}
