// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Storage.Crash;

/// <summary>Bytes in an array that log every store, flush and fence. <see cref="WritableAt"/> is empty, for each store has to be seen.</summary>
public sealed class TracedMedia : PersistentMemory
{
    private readonly StoreTrace _trace;
    private readonly byte[] _image;
    private readonly int _index;

    /// <summary>Makes bytes that are zero and adds them to a trace.</summary>
    /// <param name="name">The name in messages.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="trace">The log.</param>
    /// <param name="granularity">How stores become durable.</param>
    /// <exception cref="PhysrException">The log has begun (<see cref="Errno.EBUSY"/>).</exception>
    public TracedMedia(string name, ulong length, StoreTrace trace, PersistenceGranularity granularity = PersistenceGranularity.CacheLine)
        : base(name, length, granularity)
    {
        ArgumentNullException.ThrowIfNull(trace);
        _trace = trace;
        _image = new byte[Alignment.Up(length, LineBytes)];
        Durable = new byte[_image.Length];
        _index = trace.Join(this);
    }

    /// <summary>Makes bytes of a content that is durable and adds them to a trace.</summary>
    /// <param name="name">The name in messages.</param>
    /// <param name="content">The bytes; not empty.</param>
    /// <param name="trace">The log.</param>
    /// <param name="granularity">How stores become durable.</param>
    /// <exception cref="PhysrException">The log has begun (<see cref="Errno.EBUSY"/>).</exception>
    public TracedMedia(string name, ReadOnlySpan<byte> content, StoreTrace trace, PersistenceGranularity granularity = PersistenceGranularity.CacheLine)
        : this(name, (ulong)content.Length, trace, granularity)
    {
        content.CopyTo(_image);
        content.CopyTo(Durable);
    }

    /// <summary>What was durable when the log began, up to a whole line.</summary>
    internal byte[] Durable { get; }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) =>
        offset >= Length ? default : _image.AsSpan((int)offset, (int)Math.Min(length, Length - offset));

    /// <inheritdoc/>
    public override Span<byte> WritableAt(ulong offset, ulong length) => default;

    /// <inheritdoc/>
    public override Errno TryFence()
    {
        _trace.Fence(_index);
        return Errno.None;
    }

    internal void Settle() => _image.CopyTo(Durable.AsSpan());

    /// <inheritdoc/>
    protected override void WriteCore(ulong offset, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            int unit = (int)(offset & ~(ulong)(AtomicBytes - 1));
            int count = Math.Min(source.Length, unit + AtomicBytes - (int)offset);
            Span<byte> bytes = _image.AsSpan(unit, AtomicBytes);
            ulong old = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            source[..count].CopyTo(_image.AsSpan((int)offset));
            ulong value = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            if (value != old)
            {
                _trace.Store(_index, (ulong)unit, value);
            }

            source = source[count..];
            offset += (ulong)count;
        }
    }

    /// <inheritdoc/>
    protected override Errno FlushCore(ulong offset, ulong length)
    {
        _trace.Flush(_index, offset, length);
        return Errno.None;
    }
}
