// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>An object that is read, written and polled through a file of its own: a fault queue, a virtual event queue. Thread-safe; nothing here waits.</summary>
public interface IEventQueue
{
    /// <summary>Whether a read would give something (<c>EPOLLIN</c>).</summary>
    bool IsReadable { get; }

    /// <summary>Whether a write makes sense (<c>EPOLLOUT</c>).</summary>
    bool IsWritable { get; }

    /// <summary>Called after something became readable, on the thread that brought it and outside of every lock; null calls nobody.</summary>
    Action? Readable { get; set; }

    /// <summary>Takes as many whole events as fit, oldest first.</summary>
    /// <param name="destination">Where to; a multiple of the record, where records have one size.</param>
    /// <param name="length">Bytes given; 0 where there is nothing, or where the oldest event does not fit.</param>
    Errno Read(Span<byte> destination, out int length);

    /// <summary>Takes answers.</summary>
    /// <param name="source">Whole records.</param>
    /// <param name="length">Bytes taken: up to the first record that is wrong.</param>
    /// <returns>An error only where the first record already is wrong.</returns>
    Errno Write(ReadOnlySpan<byte> source, out int length);
}
