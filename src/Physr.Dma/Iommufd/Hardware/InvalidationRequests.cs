// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>An array of invalidation requests in the caller's memory (<c>struct iommu_user_data_array</c>), read one at a time.</summary>
/// <param name="Memory">Whose memory.</param>
/// <param name="Address">The first request.</param>
/// <param name="DataType">What the requests are.</param>
/// <param name="EntryLength">Bytes from one to the next.</param>
/// <param name="Count">How many.</param>
public readonly record struct InvalidationRequests(IUserMemory Memory, VirtualAddress Address, uint DataType, uint EntryLength, uint Count)
{
    /// <summary>The longest request that is looked at, in bytes; no IOMMU's is a tenth of it. It bounds what one request can cost.</summary>
    public const int LongestEntry = 4096;

    /// <summary>Reads one.</summary>
    /// <typeparam name="T">Its layout; bytes beyond it have to be zero.</typeparam>
    /// <param name="index">Which.</param>
    /// <param name="request">The request.</param>
    /// <returns><see cref="Errno.EINVAL"/> for entries shorter than the layout, <see cref="Errno.E2BIG"/> for something unknown behind it, <see cref="Errno.EFAULT"/>.</returns>
    public Errno TryRead<T>(uint index, out T request)
        where T : unmanaged
    {
        request = default;
        int size = Unsafe.SizeOf<T>();
        if (index >= Count || EntryLength < size)
        {
            return Errno.EINVAL;
        }

        if (EntryLength > LongestEntry)
        {
            return Errno.E2BIG;
        }

        if (!Address.TryAdd((ulong)index * EntryLength, out VirtualAddress at))
        {
            return Errno.EFAULT;
        }

        Span<byte> entry = stackalloc byte[(int)EntryLength];
        if (Memory.TryRead(at, entry) is var errno && errno != Errno.None)
        {
            return errno;
        }

        if (entry[size..].ContainsAnyExcept((byte)0))
        {
            return Errno.E2BIG;
        }

        request = MemoryMarshal.Read<T>(entry);
        return Errno.None;
    }
}
