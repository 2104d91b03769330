// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>A part of a medium as a medium of its own, with offsets of its own. What it loses or flushes is the whole's; dispose of the whole.</summary>
public sealed class MediaSlice : PersistentMemory
{
    private readonly PersistentMemory _whole;
    private readonly ulong _start;

    /// <summary>Takes a part.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not all of the medium.</exception>
    public MediaSlice(string name, PersistentMemory whole, ulong start, ulong length)
        : base(name, length, (whole ?? throw new ArgumentNullException(nameof(whole))).Granularity)
    {
        if (start > whole.Length || length > whole.Length - start)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, $"{start} and {length} bytes from there are not all of {whole}.");
        }

        _whole = whole;
        _start = start;
        Errors = whole.Errors.Within(start, length);
    }

    /// <inheritdoc/>
    public override bool IsReadOnly => _whole.IsReadOnly;

    /// <inheritdoc/>
    public override Errno TryFence() => _whole.TryFence();

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> ReadableAt(ulong offset, ulong length) => offset >= Length ? default : _whole.ReadableAt(_start + offset, Math.Min(length, Length - offset));

    /// <inheritdoc/>
    public override Span<byte> WritableAt(ulong offset, ulong length) => offset >= Length ? default : _whole.WritableAt(_start + offset, Math.Min(length, Length - offset));

    /// <inheritdoc/>
    protected override void ReadCore(ulong offset, Span<byte> destination) => _whole.ReadChecked(_start + offset, destination);

    /// <inheritdoc/>
    protected override void WriteCore(ulong offset, ReadOnlySpan<byte> source) => Require(_whole.TryWrite(_start + offset, source));

    /// <inheritdoc/>
    protected override Errno FlushCore(ulong offset, ulong length) => _whole.TryFlush(_start + offset, length);

    private void Require(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException("store", Name, errno, "the medium it is a part of refused");
        }
    }
}
