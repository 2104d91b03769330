// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdAccess
{
    /// <summary>Pins the pages behind a range and gives their physical ranges.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="length">Bytes; every page touched is pinned.</param>
    /// <param name="flags">Whether they will be written.</param>
    /// <param name="pages">Whole 4 KiB pages in the order of their addresses.</param>
    /// <returns><see cref="Errno.ENOENT"/> where a part is not mapped or it uses no address space; <see cref="Errno.EPERM"/> where the bytes may not be accessed so;
    /// <see cref="Errno.EINVAL"/> for length 0, a user that does not pin, or a mapping on its way out; <see cref="Errno.EOVERFLOW"/>; what pinning answers.
    /// On failure nothing is pinned.</returns>
    public Errno Pin(DmaAddress iova, ulong length, AccessFlags flags, out RangeList pages)
    {
        pages = RangeList.Empty;
        if (!NeedsPinnedPages)
        {
            return Errno.EINVAL;
        }

        Errno errno = CheckRange(iova, length);
        if (errno != Errno.None)
        {
            return errno;
        }

        lock (_lock)
        {
            if (_ioas is not { } ioas || IsDestroyed)
            {
                return Errno.ENOENT;
            }

            if (!Context.Passes("pin of an access"))
            {
                return Errno.ENOMEM;
            }

            using RangeListBuilder frames = RangeListBuilder.Rent();
            errno = ioas.PinRange(iova.Value, length, flags.HasFlag(AccessFlags.Write), isLock: false, frames);
            if (errno == Errno.None)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_pins, (iova.Value, length), out _)++;
                pages = frames.Build();
            }

            return errno;
        }
    }

    /// <summary>Unpins what one <see cref="Pin"/> of the same range pinned.</summary>
    /// <param name="iova">As it was pinned.</param>
    /// <param name="length">As it was pinned.</param>
    /// <returns><see cref="Errno.ENOENT"/> where no such pin is held.</returns>
    public Errno Unpin(DmaAddress iova, ulong length)
    {
        lock (_lock)
        {
            if (_pinnedIn is not { } ioas || !_pins.TryGetValue((iova.Value, length), out int count))
            {
                return Errno.ENOENT;
            }

            if (count == 1)
            {
                _pins.Remove((iova.Value, length));
            }
            else
            {
                _pins[(iova.Value, length)] = count - 1;
            }

            ioas.UnpinRange(iova.Value, length, isLock: false);
            return Errno.None;
        }
    }

    /// <summary>Reads bytes at any address and of any number.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="destination">Where to, and how many.</param>
    /// <param name="flags">Which way.</param>
    /// <returns><see cref="Errno.ENOENT"/>, <see cref="Errno.EPERM"/>, <see cref="Errno.EINVAL"/> and <see cref="Errno.EOVERFLOW"/> as for pinning; <see cref="Errno.EFAULT"/> where the
    /// process has nothing there; <see cref="Errno.EOPNOTSUPP"/> by frames without <see cref="IommufdOptions.Memory"/>. Part may have been read.</returns>
    public Errno Read(DmaAddress iova, Span<byte> destination, AccessFlags flags = AccessFlags.Read)
    {
        IoAddressSpace? ioas = null;
        Errno errno = flags.HasFlag(AccessFlags.Write) ? Errno.EINVAL : TryBegin(iova, (ulong)destination.Length, out ioas);
        using ObjectUse use = new(ioas);
        return errno == Errno.None ? ioas!.ReadBytes(iova.Value, destination, flags) : errno;
    }

    /// <summary>Writes bytes at any address and of any number.</summary>
    /// <param name="iova">The first address.</param>
    /// <param name="source">What.</param>
    /// <param name="flags">Which way.</param>
    /// <returns>As <see cref="Read"/>; part may have been written.</returns>
    public Errno Write(DmaAddress iova, ReadOnlySpan<byte> source, AccessFlags flags = AccessFlags.Write)
    {
        Errno errno = TryBegin(iova, (ulong)source.Length, out IoAddressSpace? ioas);
        using ObjectUse use = new(ioas);
        return errno == Errno.None ? ioas!.WriteBytes(iova.Value, source, flags) : errno;
    }

    private static Errno CheckRange(DmaAddress iova, ulong length) =>
        length == 0 ? Errno.EINVAL : iova.Value > ulong.MaxValue - (length - 1) ? Errno.EOVERFLOW : Errno.None;

    /// <summary>Ends the pins that its user left behind.</summary>
    private void EndPins(IoAddressSpace ioas)
    {
        foreach (((ulong iova, ulong length), int count) in _pins)
        {
            for (int i = 0; i < count; i++)
            {
                ioas.UnpinRange(iova, length, isLock: false);
            }
        }

        _pins.Clear();
    }

    /// <summary>Becomes a user of the address space, null on failure, for a copy, which needs no lock here: it leaves nothing behind.</summary>
    private Errno TryBegin(DmaAddress iova, ulong length, out IoAddressSpace? ioas)
    {
        ioas = null;
        Errno errno = CheckRange(iova, length);
        if (errno != Errno.None)
        {
            return errno;
        }

        lock (_lock)
        {
            ioas = _ioas is { } used && used.TryUse() ? used : null;
            return ioas is null ? Errno.ENOENT : Errno.None;
        }
    }
}
