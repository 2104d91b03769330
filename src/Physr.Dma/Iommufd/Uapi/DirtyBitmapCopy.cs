// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>Reads dirty pages into a bitmap in the caller's memory, a part at a time, so that its length costs nothing here.</summary>
internal static class DirtyBitmapCopy
{
    /// <summary>Bytes of bitmap worked on at a time.</summary>
    private const int PartBytes = 4096;

    /// <summary>Runs the command. Parts before the one that fails are done: their bits are set, and cleared in the table unless the command says not to.</summary>
    public static Errno Run(PagingHardwarePageTable table, IUserMemory process, in IommuHwptGetDirtyBitmap command)
    {
        if (command.Length == 0 || !BitOperations.IsPow2(command.PageSize))
        {
            return Errno.EINVAL;
        }

        if (command.Length - 1 > ulong.MaxValue - command.Iova)
        {
            return Errno.EOVERFLOW;
        }

        bool clear = (command.Flags & 1) == 0;
        Span<byte> part = stackalloc byte[PartBytes];
        UInt128 bytesPerPart = (UInt128)command.PageSize * (PartBytes * 8);
        VirtualAddress to = new(command.Data);
        for (ulong done = 0; done < command.Length;)
        {
            ulong length = (ulong)UInt128.Min(bytesPerPart, command.Length - done);
            Span<byte> bits = part[..(int)((((length - 1) / command.PageSize) / 8) + 1)];
            Errno errno = process.TryRead(to, bits);

            // Written before the table forgets anything: what cannot be told must not be lost.
            errno = errno == Errno.None ? process.TryWrite(to, bits) : errno;
            errno = errno == Errno.None ? table.GetDirtyBitmap(new(command.Iova + done), length, command.PageSize, clear, bits) : errno;
            errno = errno == Errno.None ? process.TryWrite(to, bits) : errno;
            if (errno != Errno.None)
            {
                return errno;
            }

            done += length;
            if (done < command.Length && !to.TryAdd((ulong)bits.Length, out to))
            {
                return Errno.EFAULT;
            }
        }

        return Errno.None;
    }
}
