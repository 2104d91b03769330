// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>A device in an array, whose length can be anything, and which can lose bytes, fail, count, and forget flushes and fences.</summary>
internal sealed class ArrayDevice(byte[] bytes) : IDaxDevice
{
    public byte[] Bytes => bytes;

    public string Name => "array";

    public ulong Length => (ulong)bytes.Length & ~4095UL;

    public bool IsReadOnly { get; set; }

    public PersistenceGranularity Granularity => PersistenceGranularity.CacheLine;

    /// <summary>Lost blocks of 512 bytes.</summary>
    public HashSet<ulong> Lost { get; } = [];

    /// <summary>Accesses beyond the end.</summary>
    public int Strays { get; private set; }

    /// <summary>Stores made.</summary>
    public int Writes { get; private set; }

    /// <summary>Which store, flush or fence fails, from 1.</summary>
    public int FailAt { get; set; }

    public int Steps { get; private set; }

    /// <summary>Makes a store on a fresh device and opens it.</summary>
    public static FileStore NewStore(int length, out ArrayDevice device, ulong areaBytes = 8192)
    {
        device = new(new byte[length]);
        Assert.Equal(Errno.None, FileStore.TryFormat(device, out string reason, new() { AreaBytes = areaBytes, Id = 7 }));
        Assert.Equal("", reason);
        return device.Mount();
    }

    public FileStore Mount()
    {
        Errno errno = FileStore.TryMount(this, out FileStore? store, out string reason);
        Assert.True(errno == Errno.None, $"{errno}: {reason}");
        return store!;
    }

    public Errno TryRead(ulong offset, Span<byte> destination)
    {
        Errno errno = InRange(offset, (ulong)destination.Length);
        if (errno != Errno.None || destination.IsEmpty)
        {
            return errno;
        }

        for (ulong block = offset / 512; Lost.Count != 0 && block <= (offset + (ulong)destination.Length - 1) / 512; block++)
        {
            if (Lost.Contains(block))
            {
                return Errno.EIO;
            }
        }

        bytes.AsSpan((int)offset, destination.Length).CopyTo(destination);
        return Errno.None;
    }

    public Errno TryWrite(ulong offset, ReadOnlySpan<byte> source)
    {
        Errno errno = InRange(offset, (ulong)source.Length);
        errno = errno == Errno.None && IsReadOnly ? Errno.EROFS : errno;
        errno = errno == Errno.None ? Step() : errno;
        if (errno == Errno.None)
        {
            Writes++;
            source.CopyTo(bytes.AsSpan((int)offset));
        }

        return errno;
    }

    public Errno TryFlush(ulong offset, ulong length) => InRange(offset, length) is var errno && errno == Errno.None ? Step() : errno;

    public Errno TryFence() => Step();

    public Errno TryClearErrors(ulong offset, ulong length, out ulong cleared)
    {
        cleared = 0;
        for (ulong at = (offset + 511) & ~511UL; Lost.Count != 0 && at + 512 <= offset + length; at += 512)
        {
            if (Lost.Remove(at / 512))
            {
                bytes.AsSpan((int)at, 512).Clear();
                cleared += 512;
            }
        }

        return InRange(offset, length);
    }

    public Errno TryDirectAccess(ulong offset, ulong length, DirectAccess access, RangeListBuilder list, out string reason)
    {
        reason = "an array has no address";
        return Errno.EOPNOTSUPP;
    }

    public bool TryFindOffset(PhysicalAddress address, out ulong offset)
    {
        offset = 0;
        return false;
    }

    private Errno Step() => ++Steps == FailAt ? Errno.EIO : Errno.None;

    private Errno InRange(ulong offset, ulong length)
    {
        bool isIn = offset <= (ulong)bytes.Length && length <= (ulong)bytes.Length - offset;
        Strays += isIn ? 0 : 1;
        return isIn ? Errno.None : Errno.ENXIO;
    }
}
