// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Faults;

/// <summary>An open file of an event queue. While it is open the queue cannot be destroyed by id; when the context goes, the file stays and says <see cref="Errno.EBADF"/>. Thread-safe.</summary>
public sealed class EventQueueFile : IDisposable
{
    private IEventQueue? _queue;
    private Action? _closed;

    internal EventQueueFile(IEventQueue queue, Action closed)
    {
        _queue = queue;
        _closed = closed;
    }

    /// <summary>Whether a read would give something.</summary>
    public bool IsReadable => Volatile.Read(ref _queue)?.IsReadable == true;

    /// <summary>Whether answers can be written.</summary>
    public bool IsWritable => Volatile.Read(ref _queue)?.IsWritable == true;

    /// <summary>Reads whole events (<c>read(2)</c>).</summary>
    /// <returns><see cref="Errno.EBADF"/> once closed; <see cref="Errno.ESPIPE"/> for a length that is no multiple of the record.</returns>
    public Errno Read(Span<byte> destination, out int length)
    {
        length = 0;
        return Volatile.Read(ref _queue)?.Read(destination, out length) ?? Errno.EBADF;
    }

    /// <summary>Writes answers (<c>write(2)</c>).</summary>
    /// <returns><see cref="Errno.EBADF"/> once closed; <see cref="Errno.EINVAL"/> for an answer to nothing; <see cref="Errno.ESPIPE"/> as for a read.</returns>
    public Errno Write(ReadOnlySpan<byte> source, out int length)
    {
        length = 0;
        return Volatile.Read(ref _queue)?.Write(source, out length) ?? Errno.EBADF;
    }

    /// <summary>Closes it; a second call does nothing.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _queue, null);
        Interlocked.Exchange(ref _closed, null)?.Invoke();
    }

    /// <summary>Lets go of a queue that is going away.</summary>
    internal void Abandon() => Volatile.Write(ref _queue, null);
}
