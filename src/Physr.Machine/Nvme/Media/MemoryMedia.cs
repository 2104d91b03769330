// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;

namespace Physr.Machine.Nvme.Media;

/// <summary>Blocks in memory, taken from the system when first touched.</summary>
public sealed class MemoryMedia : INvmeMedia
{
    private readonly SparseMemory _memory;
    private readonly UnreadableBytes _unreadable = new();
    private readonly ulong? _patternSeed;
    private readonly bool[] _isPatterned;

    /// <summary>Makes media of zeros, or of <see cref="MediaPattern"/>.</summary>
    /// <param name="name">What it is, for messages.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="patternSeed">The seed of the pattern, which is laid down chunk by chunk as it is touched; null is zeros.</param>
    /// <param name="isReadOnly">Whether writes are refused.</param>
    public MemoryMedia(string name, ulong length, ulong? patternSeed = null, bool isReadOnly = false)
    {
        _memory = new SparseMemory(name, length);
        _patternSeed = patternSeed;
        _isPatterned = new bool[patternSeed is null ? 0 : (length + SparseMemory.ChunkSize - 1) / SparseMemory.ChunkSize];
        IsReadOnly = isReadOnly;
    }

    /// <inheritdoc/>
    public ulong Length => _memory.Length;

    /// <inheritdoc/>
    public bool IsReadOnly { get; }

    /// <inheritdoc/>
    public bool DeallocatedReadsZero => true;

    /// <inheritdoc/>
    public MediaStatus Read(ulong offset, int length, out ReadOnlySpan<byte> bytes)
    {
        if (_unreadable.Overlaps(offset, (ulong)length))
        {
            bytes = default;
            return MediaStatus.ReadError;
        }

        bytes = Span(offset, (ulong)length);
        return MediaStatus.Success;
    }

    /// <inheritdoc/>
    public MediaStatus BeginWrite(ulong offset, int length, out Span<byte> room)
    {
        room = IsReadOnly ? default : Span(offset, (ulong)length);
        return IsReadOnly ? MediaStatus.WriteProtected : MediaStatus.Success;
    }

    /// <inheritdoc/>
    public MediaStatus EndWrite(ulong offset, int length)
    {
        _unreadable.Clear(offset, (ulong)length);
        return MediaStatus.Success;
    }

    /// <inheritdoc/>
    public void AbandonWrite(ulong offset, int length) => _unreadable.Mark(offset, (ulong)length);

    /// <inheritdoc/>
    public MediaStatus Zero(ulong offset, ulong length)
    {
        if (IsReadOnly)
        {
            return MediaStatus.WriteProtected;
        }

        _unreadable.Clear(offset, length);
        for (ulong done = 0; done < length;)
        {
            Span<byte> part = Span(offset + done, length - done);
            part.Clear();
            done += (ulong)part.Length;
        }

        return MediaStatus.Success;
    }

    /// <inheritdoc/>
    public MediaStatus Deallocate(ulong offset, ulong length) => Zero(offset, length);

    /// <inheritdoc/>
    public MediaStatus Flush() => MediaStatus.Success;

    /// <inheritdoc/>
    public void InjectReadError(ulong offset, ulong length) => _unreadable.Mark(offset, length);

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private Span<byte> Span(ulong offset, ulong length)
    {
        if (_patternSeed is ulong seed)
        {
            ulong chunk = offset / SparseMemory.ChunkSize;
            if (!_isPatterned[chunk])
            {
                _isPatterned[chunk] = true;
                ulong start = chunk * SparseMemory.ChunkSize;
                MediaPattern.Fill(seed, start, _memory.SpanAt(start, Math.Min(SparseMemory.ChunkSize, Length - start)));
            }
        }

        return _memory.SpanAt(offset, length);
    }
}
