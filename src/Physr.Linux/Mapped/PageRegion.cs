// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <summary>Pages of this process, with the guards around them; let go of once, also where nobody disposes of them. Unlike <see cref="Memory.Mapping"/> they can move and grow.</summary>
/// <remarks>Whoever moves them sees to it that nobody uses them meanwhile: this object does not.</remarks>
internal sealed partial class PageRegion : SafeHandle
{
    private nuint _before;
    private nuint _behind;

    private PageRegion(nint address, nuint bytes, nuint before, nuint behind)
        : base(LibC.MapFailed, ownsHandle: true)
    {
        SetHandle(address);
        (Bytes, _before, _behind) = (bytes, before, behind);
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == LibC.MapFailed;

    /// <summary>The first byte that may be touched.</summary>
    public nint Address => handle;

    /// <summary>Bytes that may be touched: whole pages.</summary>
    public nuint Bytes { get; private set; }

    /// <summary>Maps.</summary>
    public static Errno TryMap(in PageRequest request, out PageRegion? region)
    {
        region = null;
        bool isPlain = request.Guard == 0 && request.Alignment <= request.PageBytes;
        if (isPlain)
        {
            nint address = Map(request, 0, request.Flags);
            region = address == LibC.MapFailed ? null : new(address, request.Bytes, 0, 0);
            return region is null ? LibC.LastError : Errno.None;
        }

        Errno errno = TryReserve(request.Bytes, request.Alignment, request.Guard, out nint start);
        if (errno != Errno.None)
        {
            return errno;
        }

        if (Map(request, start, request.Flags | MapFlags.MAP_FIXED) == LibC.MapFailed)
        {
            errno = LibC.LastError;
            _ = LibC.Munmap(start - (nint)request.Guard, request.Bytes + (2 * request.Guard));
            return errno;
        }

        region = new(start, request.Bytes, request.Guard, request.Guard);
        return Errno.None;
    }

    /// <summary>Tells the kernel something of all pages, guards included.</summary>
    public Errno Advise(Advice advice) => LibC.Madvise(handle - (nint)_before, _before + Bytes + _behind, advice) == 0 ? Errno.None : LibC.LastError;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibC.Munmap(handle - (nint)_before, _before + Bytes + _behind) == 0;

    private static nint Map(in PageRequest request, nint address, MapFlags flags) => request.File is null
        ? LibC.Mmap(address, request.Bytes, request.Protection, flags | MapFlags.MAP_ANONYMOUS, -1, 0)
        : LibC.Mmap(address, request.Bytes, request.Protection, flags, request.File, (long)request.Offset);

    /// <summary>Sets addresses aside: some bytes, aligned, with a guard on both sides. Nothing else of this process can come to lie there, so that pages may be put there with <c>MAP_FIXED</c>.</summary>
    private static Errno TryReserve(nuint bytes, nuint alignment, nuint guard, out nint start)
    {
        start = 0;
        nuint slack = alignment > (nuint)Environment.SystemPageSize ? alignment : 0;
        nuint all;
        try
        {
            all = checked(bytes + slack + (2 * guard));
        }
        catch (OverflowException)
        {
            return Errno.ENOMEM;
        }

        nint first = LibC.Mmap(0, all, Protection.PROT_NONE, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS | MapFlags.MAP_NORESERVE, -1, 0);
        if (first == LibC.MapFailed)
        {
            return LibC.LastError;
        }

        start = (nint)Alignment.Up((ulong)first + guard, alignment);

        // What is not needed goes back at once: the kernel counts mappings (vm.max_map_count), and addresses can be limited.
        nuint head = (nuint)(start - (nint)guard - first);
        nuint tail = all - head - bytes - (2 * guard);
        if (head != 0)
        {
            _ = LibC.Munmap(first, head);
        }

        if (tail != 0)
        {
            _ = LibC.Munmap(start + (nint)(bytes + guard), tail);
        }

        return Errno.None;
    }
}
