// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Storage.Btt;

namespace Physr.Storage.Tests.Btt;

/// <summary>Translation tables on small media.</summary>
internal static class BttMedia
{
    public const ulong MiB = 1UL << 20;

    public static BttDevice Make(PersistentMemory medium, BttOptions? options = null)
    {
        Errno errno = BttFormat.TryFormat(medium, options ?? new(), out string reason);
        Assert.True(errno == Errno.None, $"{errno}: {reason}");
        return Open(medium);
    }

    public static BttDevice Open(PersistentMemory medium)
    {
        Errno errno = BttDevice.TryOpen(medium, default, out BttDevice? device, out string reason);
        Assert.True(errno == Errno.None, $"{errno}: {reason}");
        return device!;
    }

    /// <summary>A sector of which every 8 bytes say the same number: a torn one shows.</summary>
    public static byte[] Sector(BttDevice device, ulong value)
    {
        byte[] bytes = new byte[device.SectorBytes];
        for (int i = 0; i < bytes.Length; i += 8)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(i), value);
        }

        return bytes;
    }

    /// <summary>The number a sector says; null where it is torn.</summary>
    public static ulong? ValueOf(ReadOnlySpan<byte> sector)
    {
        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(sector);
        for (int i = 8; i < sector.Length; i += 8)
        {
            if (BinaryPrimitives.ReadUInt64LittleEndian(sector[i..]) != value)
            {
                return null;
            }
        }

        return value;
    }

    public static BttInfoBlock Info(PersistentMemory medium, ulong at = 0)
    {
        Assert.Equal(Errno.None, BttInfoBlock.TryRead(medium, at, medium.Length - at, default, out BttInfoBlock? info, out _));
        return info!;
    }

    public static void Flip(PersistentMemory medium, ulong at)
    {
        Span<byte> one = stackalloc byte[1];
        medium.TryRead(at, one);
        one[0] ^= 0x10;
        medium.TryWrite(at, one);
    }
}
