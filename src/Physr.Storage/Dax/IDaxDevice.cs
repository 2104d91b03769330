// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>A linear space of durable bytes that are memory already (the kernel's <c>struct dax_device</c>): a namespace of persistent memory, or an array of them.</summary>
/// <remarks>Offsets are in bytes. What holds of stores, flushes and fences of <see cref="PersistentMemory"/> holds here, except that an aligned store of 8 bytes is atomic in each copy
/// of it: after a power cut a device with several copies gives one of the two values, always the same one.</remarks>
public interface IDaxDevice
{
    /// <summary>The name in messages.</summary>
    string Name { get; }

    /// <summary>Bytes, a multiple of 4 KiB.</summary>
    ulong Length { get; }

    /// <summary>Whether stores are refused.</summary>
    bool IsReadOnly { get; }

    /// <summary>How stores become durable; the coarsest of its parts.</summary>
    PersistenceGranularity Granularity { get; }

    /// <summary>Reads bytes.</summary>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EIO"/> where they are lost and nothing can bring them back.</returns>
    Errno TryRead(ulong offset, Span<byte> destination);

    /// <summary>Stores bytes: visible at once, durable after flush and fence.</summary>
    /// <returns><see cref="Errno.ENXIO"/>, <see cref="Errno.EROFS"/>, <see cref="Errno.EIO"/>.</returns>
    Errno TryWrite(ulong offset, ReadOnlySpan<byte> source);

    /// <summary>Starts the way of stored bytes to the medium.</summary>
    Errno TryFlush(ulong offset, ulong length);

    /// <summary>Returns when everything flushed before is durable.</summary>
    Errno TryFence();

    /// <summary>Gives lost bytes new ones, zeros, by whole blocks of 512 bytes. Where nothing is lost it costs nothing.</summary>
    Errno TryClearErrors(ulong offset, ulong length, out ulong cleared);

    /// <summary>Where bytes lie: from sectors to ranges, without a page descriptor (<c>dax_direct_access</c>, row R85).</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="access">What for.</param>
    /// <param name="list">Gets the ranges, in the order of the bytes; unchanged on failure.</param>
    /// <param name="reason">Why not, and what to do; empty on success.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end; <see cref="Errno.EIO"/> where bytes are lost or a member is missing; <see cref="Errno.EOPNOTSUPP"/> where bytes may not be written past
    /// the device, or have no physical address.</returns>
    Errno TryDirectAccess(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason);

    /// <summary>Which byte lies at an address: the way back (row R85a).</summary>
    /// <returns>False where the address holds no data of this device.</returns>
    bool TryFindOffset(PhysicalAddress address, out ulong offset);
}
