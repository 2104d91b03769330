// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux.Interop;

namespace Physr.Linux.Memory;

/// <summary>Pages that the kernel mapped; let go of once (<c>munmap</c>), also where nobody disposes of them. It may have pages around that nobody may touch.</summary>
/// <remarks>An address outlives <see cref="SafeHandle.Dispose()"/> if its holder lets it: a touch then is a SIGSEGV, or hits whatever was mapped there since.</remarks>
public sealed partial class Mapping : SafeHandle
{
    private readonly nuint _reservedLength;

    /// <summary>Takes over pages.</summary>
    /// <param name="address">The first, of <c>mmap</c>.</param>
    /// <param name="length">Bytes.</param>
    internal Mapping(nint address, nuint length)
        : this(address, length, address, length)
    {
    }

    private Mapping(nint reservation, nuint reservedLength, nint address, nuint length)
        : base(LibC.MapFailed, ownsHandle: true)
    {
        SetHandle(reservation);
        (_reservedLength, Address, Length) = (reservedLength, address, length);
    }

    /// <summary>The first byte that may be touched. Ask only while it is held.</summary>
    public nint Address { get; }

    /// <summary>Bytes from there on that may be touched.</summary>
    public nuint Length { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == LibC.MapFailed;

    /// <summary>Tells the kernel of pages, which are held meanwhile. Allocates nothing.</summary>
    /// <param name="address">The first byte: the start of a page in this mapping.</param>
    /// <param name="length">Bytes; up to the end of a page.</param>
    /// <param name="advice">What it is told.</param>
    /// <returns><see cref="Errno.ENXIO"/> outside of the mapping; others as <c>madvise</c> has them: <see cref="Errno.EFAULT"/> and <see cref="Errno.EHWPOISON"/> from populating.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno Advise(nint address, nuint length, MemoryAdvice advice)
    {
        if (!Covers(address, length))
        {
            return Errno.ENXIO;
        }

        bool isHeld = false;
        try
        {
            DangerousAddRef(ref isHeld);
            return MappingCalls.ResultOf(LibC.Madvise(address, length, (Advice)advice));
        }
        finally
        {
            if (isHeld)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Changes what may be done with pages, which are held meanwhile (<c>mprotect</c>). Allocates nothing.</summary>
    /// <returns><see cref="Errno.ENXIO"/> outside of the mapping; <see cref="Errno.EACCES"/> where the file was not opened for it; <see cref="Errno.ENOMEM"/> where vm.max_map_count is reached.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public Errno Protect(nint address, nuint length, bool read, bool write)
    {
        if (!Covers(address, length))
        {
            return Errno.ENXIO;
        }

        bool isHeld = false;
        try
        {
            DangerousAddRef(ref isHeld);
            return MappingCalls.ResultOf(LibC.Mprotect(address, length, (read ? Protection.PROT_READ : default) | (write ? Protection.PROT_WRITE : default)));
        }
        finally
        {
            if (isHeld)
            {
                DangerousRelease();
            }
        }
    }

    /// <summary>Where it is.</summary>
    public override string ToString() => $"0x{Address:x}+0x{Length:x}";

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => LibC.Munmap(handle, _reservedLength) == 0;

    private bool Covers(nint address, nuint length) => (nuint)(address - Address) <= Length && length <= Length - (nuint)(address - Address);
}
