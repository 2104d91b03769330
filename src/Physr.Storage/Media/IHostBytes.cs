// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>The CPU's view of physical memory: where the bytes of a range list's entries are. RAM, persistent memory and BARs have some; memory that the CPU cannot address has none.</summary>
public interface IHostBytes
{
    /// <summary>The bytes from an address on, for reading: the longest run that lies in one piece, at most <paramref name="length"/>; empty where the CPU cannot look, and where bytes are lost: <see cref="TryRead"/> says which.</summary>
    ReadOnlySpan<byte> ReadableAt(PhysicalAddress address, ulong length);

    /// <summary>The bytes from an address on, for writing; empty where the CPU cannot reach, or where each store has to go through <see cref="TryWrite"/>.</summary>
    Span<byte> WritableAt(PhysicalAddress address, ulong length);

    /// <summary>Writes bytes.</summary>
    /// <returns><see cref="Errno.EFAULT"/> where the CPU cannot reach.</returns>
    Errno TryWrite(PhysicalAddress address, ReadOnlySpan<byte> source);

    /// <summary>Reads bytes.</summary>
    /// <returns><see cref="Errno.EFAULT"/> where the CPU cannot reach; <see cref="Errno.EIO"/> where bytes are lost.</returns>
    Errno TryRead(PhysicalAddress address, Span<byte> destination);
}
