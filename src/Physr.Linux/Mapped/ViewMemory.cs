// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers;

namespace Physr.Linux.Mapped;

/// <summary>What makes a <see cref="Memory{T}"/> of mapped bytes. It asks the mapping each time, so that what was disposed of or cut off is an exception; a pin is a lease.</summary>
internal sealed class ViewMemory : MemoryManager<byte>
{
    private readonly MappedMemory _memory;
    private readonly nuint _offset;
    private readonly nuint _length;
    private readonly bool _isLeased;
    private volatile bool _isEnded;
    private int _pins;

    /// <summary>Makes one.</summary>
    /// <param name="memory">The mapping.</param>
    /// <param name="offset">The first byte in it.</param>
    /// <param name="length">Bytes; null: as many as there are at the time, or as fit a span.</param>
    /// <param name="isLeased">Whether somebody has a lease on them until <see cref="End"/>.</param>
    public ViewMemory(MappedMemory memory, nuint offset, nuint? length, bool isLeased) =>
        (_memory, _offset, _length, _isLeased) = (memory, offset, length ?? nuint.MaxValue, isLeased);

    /// <inheritdoc/>
    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_isEnded, typeof(MappedView));
        nuint length = _length == nuint.MaxValue ? nuint.Min(_memory.Length - _offset, int.MaxValue) : _length;
        return MappedMemory.SpanAt(AddressOf(length), length);
    }

    /// <inheritdoc/>
    public override unsafe MemoryHandle Pin(int elementIndex = 0)
    {
        ObjectDisposedException.ThrowIf(_isEnded, typeof(MappedView));
        _memory.Enter(_isLeased);
        try
        {
            // SAFETY: the lease just taken keeps the bytes where they are until Unpin.
            Span<byte> bytes = GetSpan();
            ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)elementIndex, (uint)bytes.Length, nameof(elementIndex));
            void* address = (byte*)AddressOf(0) + elementIndex;
            Interlocked.Increment(ref _pins);
            return new MemoryHandle(address, pinnable: this);
        }
        catch
        {
            _memory.Exit();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Unpin()
    {
        // A copied handle can come twice: it gives back no more than was taken.
        int pins = Volatile.Read(ref _pins);
        while (pins > 0)
        {
            int seen = Interlocked.CompareExchange(ref _pins, pins - 1, pins);
            if (seen == pins)
            {
                _memory.Exit();
                return;
            }

            pins = seen;
        }
    }

    /// <summary>The lease that this is for was given back: no more spans, no more pins. Those that are there stay.</summary>
    public void End() => _isEnded = true;

    private nint AddressOf(nuint length) => _isLeased ? _memory.LeasedAddressOf(_offset, length) : _memory.AddressOf(_offset, length);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => End();
}
