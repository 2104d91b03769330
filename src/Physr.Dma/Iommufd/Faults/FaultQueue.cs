// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>Where the page faults of devices wait: first to be read by the user, then for the user's answer (<c>IOMMU_FAULT_QUEUE_ALLOC</c>, row R78). Hardware page tables name it
/// when they are made. Thread-safe.</summary>
/// <remarks>A group of requests is one unit: it is read whole, gets one cookie, and ends by one answer. What cannot be answered any more, because its device was detached or
/// because the queue goes away, is answered with <see cref="PageResponse.Invalid"/>. Devices are told outside of the queue's lock.</remarks>
public sealed partial class FaultQueue : IommufdObject, IEventQueue
{
    /// <summary>Most groups held at a time, read or not; one more is answered with <see cref="PageResponse.Invalid"/> at once. It bounds what a device that never stops can make the
    /// host hold; real devices are bounded by their credits, of which the PCIe specification has them ask for at most as many as the host grants.</summary>
    public const int Capacity = 4096;

    private readonly Lock _lock = new();
    private readonly LinkedList<PageRequestGroup> _unread = [];
    private readonly Dictionary<uint, PageRequestGroup> _unanswered = [];
    private Action? _abandonFile;
    private uint _nextCookie;
    private bool _isClosed;

    internal FaultQueue(IommufdContext context, uint id)
        : base(context, IommufdObjectKind.FaultQueue, id)
    {
    }

    /// <inheritdoc/>
    public Action? Readable { get; set; }

    /// <inheritdoc/>
    public bool IsReadable
    {
        get
        {
            lock (_lock)
            {
                return _unread.Count != 0;
            }
        }
    }

    /// <inheritdoc/>
    public bool IsWritable => true;

    /// <summary>Groups that were read and not answered yet.</summary>
    public int UnansweredCount
    {
        get
        {
            lock (_lock)
            {
                return _unanswered.Count;
            }
        }
    }

    /// <inheritdoc/>
    internal override bool IsHeldByOwner
    {
        get
        {
            lock (_lock)
            {
                return _abandonFile is not null;
            }
        }
    }

    /// <summary>Opens its file; it has one.</summary>
    internal EventQueueFile Open()
    {
        lock (_lock)
        {
            EventQueueFile file = new(this, Closed);
            _abandonFile = file.Abandon;
            return file;
        }
    }

    /// <summary>Takes a complete group; false where the queue is full or going. The caller then answers it, and otherwise calls <see cref="Readable"/>, outside of its locks.</summary>
    internal bool TryAdd(PageRequestGroup group)
    {
        lock (_lock)
        {
            bool fits = !_isClosed && _unread.Count + _unanswered.Count < Capacity && Context.Passes("page request group");
            if (fits)
            {
                _unread.AddLast(group);
            }

            return fits;
        }
    }

    /// <summary>Takes out everything that a device faulted at an attachment and that nobody answered; the caller answers it, outside of its locks.</summary>
    internal void Cancel(uint deviceId, uint attachment, List<PageRequestGroup> cancelled)
    {
        lock (_lock)
        {
            TakeOut(group => group.DeviceId == deviceId && group.Attachment == attachment, cancelled);
        }
    }

    /// <inheritdoc/>
    internal override void Release()
    {
        List<PageRequestGroup> left = [];
        lock (_lock)
        {
            _isClosed = true;
            _abandonFile?.Invoke();
            TakeOut(static _ => true, left);
        }

        left.ForEach(static group => group.Answer(PageResponse.Invalid));
    }

    private void TakeOut(Func<PageRequestGroup, bool> isGone, List<PageRequestGroup> taken)
    {
        for (LinkedListNode<PageRequestGroup>? node = _unread.First; node is not null;)
        {
            LinkedListNode<PageRequestGroup>? next = node.Next;
            if (isGone(node.Value))
            {
                taken.Add(node.Value);
                _unread.Remove(node);
            }

            node = next;
        }

        foreach ((uint cookie, PageRequestGroup group) in _unanswered)
        {
            if (isGone(group))
            {
                taken.Add(group);
                _unanswered.Remove(cookie);
            }
        }
    }

    private void Closed()
    {
        lock (_lock)
        {
            _abandonFile = null;
        }
    }
}
