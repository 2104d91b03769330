// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>Reads structures that grow from version to version: short ones are refused, and what is not known must be zero (<c>copy_struct_from_user</c>).</summary>
public static class StructBytes
{
    /// <summary>Reads a structure of bytes already copied from a user.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for too few bytes, <see cref="Errno.E2BIG"/> for something unknown behind them.</returns>
    public static Errno TryRead<T>(ReadOnlySpan<byte> data, out T value)
        where T : unmanaged
    {
        value = default;
        int size = Unsafe.SizeOf<T>();
        if (data.Length < size)
        {
            return Errno.EINVAL;
        }

        if (data[size..].ContainsAnyExcept((byte)0))
        {
            return Errno.E2BIG;
        }

        value = MemoryMarshal.Read<T>(data);
        return Errno.None;
    }
}
