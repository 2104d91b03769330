// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>A store of whole pages of 4 KiB. Users implement it in an assembly of theirs, which the pager loads into its own process.</summary>
/// <remarks><para>Several threads call it at once, for pages that do not overlap: the pager never reads a page while it writes it. Nothing may be called back from here into the region that the store serves:
/// the call would wait for itself.</para>
/// <para>An exception is taken for <see cref="Errno.EIO"/>, with its type and message as the reason. A call that takes longer than the region's time limit fails with <see cref="Errno.ETIMEDOUT"/>, and
/// whatever it does after that is ignored. The spans are valid during the call only.</para></remarks>
public interface IBackingStore : IDisposable
{
    /// <summary>Bytes that it can keep: a multiple of 4096, no fewer than the region has.</summary>
    ulong Length { get; }

    /// <summary>Reads whole pages. Pages that were never written are zeros.</summary>
    /// <param name="offset">The first byte, a multiple of 4096.</param>
    /// <param name="destination">All of it is to be filled: a multiple of 4096 bytes, within <see cref="Length"/>.</param>
    /// <param name="reason">What is wrong, for a human; empty on success.</param>
    /// <returns><see cref="Errno.None"/>, or why not: whoever touches one of these pages then gets an error.</returns>
    Errno TryRead(ulong offset, Span<byte> destination, out string reason);

    /// <summary>Writes whole pages. Once it has returned, <see cref="TryRead"/> gives these bytes.</summary>
    /// <param name="offset">The first byte, a multiple of 4096.</param>
    /// <param name="source">A multiple of 4096 bytes, within <see cref="Length"/>.</param>
    /// <param name="reason">What is wrong, for a human; empty on success.</param>
    /// <returns><see cref="Errno.None"/>, or why not: the pages stay in memory then and are tried again later.</returns>
    Errno TryWrite(ulong offset, ReadOnlySpan<byte> source, out string reason);

    /// <summary>Makes all that was written durable, where the store can.</summary>
    /// <param name="reason">What is wrong, for a human; empty on success.</param>
    /// <returns><see cref="Errno.None"/>, also where the store has nothing that could be durable; or why not.</returns>
    Errno TryFlush(out string reason);
}
