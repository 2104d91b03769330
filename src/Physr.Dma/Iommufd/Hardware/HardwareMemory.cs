// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>Memory of an address space that hardware works on without being told of unmaps: pinned, in one piece, and not to be unmapped until this is disposed.</summary>
internal sealed class HardwareMemory : IDisposable, IAccessUser
{
    private readonly DmaAddress _iova;
    private readonly ulong _length;
    private IommufdAccess? _access;

    private HardwareMemory(DmaAddress iova, ulong length)
    {
        _iova = iova;
        _length = length;
    }

    /// <summary>Where it is.</summary>
    public PhysicalRange Range { get; private set; }

    /// <inheritdoc/>
    public bool NeedsPinnedPages => true;

    /// <summary>Pins it.</summary>
    /// <returns><see cref="Errno.EFAULT"/> where it lies in pieces; what pinning answers.</returns>
    public static Errno TryHold(IoAddressSpace ioas, DmaAddress iova, ulong length, out HardwareMemory? memory)
    {
        memory = null;
        HardwareMemory held = new(iova, length);
        Errno errno = ioas.Context.CreateAccess(held, out IommufdAccess? access);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = access!.Attach(ioas);
        RangeList pages = RangeList.Empty;
        errno = errno == Errno.None ? access.Pin(iova, length, AccessFlags.Write, out pages) : errno;
        PhysicalRange first = errno == Errno.None ? pages.Seek(0).Range : default;
        if (errno == Errno.None && first.Length != pages.Length)
        {
            access.Unpin(iova, length);
            errno = Errno.EFAULT;
        }

        if (errno != Errno.None)
        {
            access.Dispose();
            return errno;
        }

        held._access = access;
        held.Range = first.Slice(iova.Value & (PageSize.Size4K - 1), length);
        memory = held;
        return Errno.None;
    }

    /// <summary>Cannot be: what is held is not unmapped.</summary>
    public void Unmap(DmaAddress iova, ulong length)
    {
    }

    /// <summary>Unpins it; a second call does nothing.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _access, null) is { } access)
        {
            access.Unpin(_iova, _length);
            access.Dispose();
        }
    }
}
