// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Media;

/// <summary>What a namespace keeps its blocks on. Bytes are lent as spans, so that memory-backed media moves them with one copy and file-backed media with one
/// reused buffer.</summary>
/// <remarks>Single-threaded. A lent span is valid until the next call. Offsets and lengths are in bytes and lie in the media: the controller checks first.</remarks>
public interface INvmeMedia : IDisposable
{
    /// <summary>Bytes.</summary>
    ulong Length { get; }

    /// <summary>Whether writes are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>Whether deallocated blocks read as zeros; otherwise deallocation changes nothing.</summary>
    bool DeallocatedReadsZero { get; }

    /// <summary>Lends the bytes at an offset.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many are wanted, at least 1.</param>
    /// <param name="bytes">At least one byte and at most <paramref name="length"/>; empty on failure.</param>
    MediaStatus Read(ulong offset, int length, out ReadOnlySpan<byte> bytes);

    /// <summary>Lends room for the bytes at an offset; the caller fills it and calls <see cref="EndWrite"/>, or <see cref="AbandonWrite"/> where it could not.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many are wanted, at least 1.</param>
    /// <param name="room">At least one byte and at most <paramref name="length"/>; empty on failure.</param>
    MediaStatus BeginWrite(ulong offset, int length, out Span<byte> room);

    /// <summary>Keeps what the lent room holds now.</summary>
    MediaStatus EndWrite(ulong offset, int length);

    /// <summary>Gives the lent room back in an undefined state. Media whose bytes were the room itself reports them as unreadable until they are written again: a
    /// torn write ends in an error, never in wrong bytes.</summary>
    void AbandonWrite(ulong offset, int length);

    /// <summary>Makes bytes zero.</summary>
    MediaStatus Zero(ulong offset, ulong length);

    /// <summary>Tells that bytes are not needed any more; see <see cref="DeallocatedReadsZero"/>.</summary>
    MediaStatus Deallocate(ulong offset, ulong length);

    /// <summary>Makes all completed writes durable.</summary>
    MediaStatus Flush();

    /// <summary>Makes reads of bytes fail until they are written again, as a defect would.</summary>
    void InjectReadError(ulong offset, ulong length);
}
