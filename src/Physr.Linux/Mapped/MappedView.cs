// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;

namespace Physr.Linux.Mapped;

/// <summary>A lease on some bytes of a <see cref="MappedMemory"/>: as long as it is not disposed of they are there and stay where they are, whatever happens to the mapping itself.</summary>
/// <remarks><para>Spans and windows are good until <see cref="Dispose"/>; a <see cref="Memory{T}"/> refuses to give a span after it (<see cref="ObjectDisposedException"/>). What was pinned
    /// stays until that ends.</para>
/// <para>Where the view and its mapping are merely forgotten the pages go with a garbage collection: hold it in a <c>using</c>.</para></remarks>
public sealed class MappedView : IMemoryOwner<byte>
{
    private MappedMemory? _memory;
    private ViewMemory? _manager;

    /// <summary>Takes over a lease that was taken for it.</summary>
    internal MappedView(MappedMemory memory, nint address, nuint offset, nuint length) =>
        (_memory, Address, Offset, Length, IsReadOnly) = (memory, address, offset, length, memory.IsReadOnly);

    /// <summary>Where the first byte lies, for native calls.</summary>
    public nint Address { get; }

    /// <summary>Where the view begins, in bytes from the start of the mapping.</summary>
    public nuint Offset { get; }

    /// <summary>Bytes.</summary>
    public nuint Length { get; }

    /// <summary>Whether it is for loads alone.</summary>
    public bool IsReadOnly { get; }

    /// <summary>The bytes, for loads and stores.</summary>
    /// <exception cref="InvalidOperationException">They are for reading alone, or too many for a span.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public Span<byte> Span => MappedMemory.SpanAt(Check(forStores: true), Length);

    /// <summary>The bytes, for loads.</summary>
    /// <exception cref="InvalidOperationException">They are too many for a span.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public ReadOnlySpan<byte> ReadOnlySpan => MappedMemory.SpanAt(Check(forStores: false), Length);

    /// <summary>The bytes, however many, for loads and stores.</summary>
    /// <exception cref="InvalidOperationException">They are for reading alone.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public MemoryWindow Window => MappedMemory.WindowAt(Check(forStores: true), Length);

    /// <summary>The bytes, however many, for loads.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public ReadOnlyMemoryWindow ReadOnlyWindow => MappedMemory.WindowAt(Check(forStores: false), Length);

    /// <summary>The bytes for what is asynchronous, for loads and stores.</summary>
    /// <exception cref="InvalidOperationException">They are for reading alone, or too many for a <see cref="Memory{T}"/>.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public Memory<byte> Memory => Manager(forStores: true).Memory;

    /// <summary>The bytes for what is asynchronous, for loads.</summary>
    /// <exception cref="InvalidOperationException">They are too many for a <see cref="Memory{T}"/>.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed of.</exception>
    public ReadOnlyMemory<byte> ReadOnlyMemory => Manager(forStores: false).Memory;

    /// <summary>Gives the lease back; once, however often it is called.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _memory, null) is MappedMemory memory)
        {
            _manager?.End();
            memory.Exit();
        }
    }

    /// <summary>The range.</summary>
    public override string ToString() => $"[{Offset}, {Offset + Length})";

    private MappedMemory Held(bool forStores)
    {
        MappedMemory memory = _memory ?? throw new ObjectDisposedException(nameof(MappedView), "the view was disposed of: its bytes may be gone");
        if (forStores)
        {
            memory.CheckWritable();
        }

        return memory;
    }

    private nint Check(bool forStores)
    {
        _ = Held(forStores);
        return Address;
    }

    private ViewMemory Manager(bool forStores)
    {
        MappedMemory memory = Held(forStores);
        return _manager ?? Interlocked.CompareExchange(ref _manager, new(memory, Offset, Length, isLeased: true), null) ?? _manager;
    }
}
