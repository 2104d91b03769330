// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <content>Queues that the hardware works.</content>
public sealed partial class VirtualIommu
{
    /// <summary>Takes a place for a queue that is being made; <see cref="Errno.EEXIST"/> where it is taken.</summary>
    internal Errno Reserve(uint type, uint index)
    {
        lock (_lock)
        {
            return _queues.TryAdd((type, index), null) ? Errno.None : Errno.EEXIST;
        }
    }

    /// <summary>Gives the place of a queue back.</summary>
    internal void Abandon(uint type, uint index)
    {
        lock (_lock)
        {
            _queues.Remove((type, index));
        }
    }

    internal void Fill(HardwareQueue queue)
    {
        lock (_lock)
        {
            _queues[(queue.Type, queue.Index)] = queue;
        }
    }

    /// <summary>Begins to use a queue, on behalf of another that needs it; null where there is none any more.</summary>
    internal HardwareQueue? UseQueue(uint type, uint index)
    {
        lock (_lock)
        {
            return _queues.GetValueOrDefault((type, index)) is { } queue && queue.TryUse() ? queue : null;
        }
    }
}
