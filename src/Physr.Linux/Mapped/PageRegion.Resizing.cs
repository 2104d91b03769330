// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <content>Growing, shrinking, moving.</content>
internal sealed partial class PageRegion
{
    /// <summary>Makes it longer or shorter; it may lie elsewhere then. On failure it is as it was.</summary>
    /// <param name="bytes">Whole pages.</param>
    /// <param name="alignment">As in <see cref="PageRequest"/>.</param>
    /// <param name="pageBytes">How large each page is.</param>
    public Errno TryResize(nuint bytes, nuint alignment, nuint pageBytes)
    {
        if (bytes == Bytes)
        {
            return Errno.None;
        }

        if (bytes < Bytes)
        {
            return TryCut(bytes);
        }

        return _before != 0 || alignment > pageBytes ? TryMove(bytes, alignment) : TryGrow(bytes);
    }

    /// <summary>Lets go of the pages behind. A guard grows over their addresses, so that these stay this region's.</summary>
    private Errno TryCut(nuint bytes)
    {
        (nint end, nuint rest) = (handle + (nint)bytes, Bytes - bytes);
        bool isDone = _behind == 0
            ? LibC.Munmap(end, rest) == 0
            : LibC.Mmap(end, rest, Protection.PROT_NONE, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_NORESERVE | MapFlags.MAP_FIXED, -1, 0) != LibC.MapFailed;
        if (!isDone)
        {
            return LibC.LastError;
        }

        _behind += _behind == 0 ? 0 : rest;
        Bytes = bytes;
        return Errno.None;
    }

    private Errno TryGrow(nuint bytes)
    {
        nint address = LibC.Mremap(handle, Bytes, bytes, RemapFlags.MREMAP_MAYMOVE, 0);
        if (address == LibC.MapFailed)
        {
            return LibC.LastError;
        }

        SetHandle(address);
        Bytes = bytes;
        return Errno.None;
    }

    private Errno TryMove(nuint bytes, nuint alignment)
    {
        nuint guard = _before;
        Errno errno = TryReserve(bytes, alignment, guard, out nint start);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (LibC.Mremap(handle, Bytes, bytes, RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED, start) == LibC.MapFailed)
        {
            errno = LibC.LastError;
            _ = LibC.Munmap(start - (nint)guard, bytes + (2 * guard));
            return errno;
        }

        // The old addresses between the guards are anybody's from here on: the guards go one by one.
        if (guard != 0)
        {
            _ = LibC.Munmap(handle - (nint)_before, _before);
            _ = LibC.Munmap(handle + (nint)Bytes, _behind);
        }

        SetHandle(start);
        (Bytes, _behind) = (bytes, guard);
        return Errno.None;
    }
}
