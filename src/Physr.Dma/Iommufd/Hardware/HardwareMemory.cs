// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>Memory of an address space that hardware works on without being told of unmaps: pinned, in one piece, and not to be unmapped until this is disposed.</summary>
internal sealed class HardwareMemory : IDisposable
{
    private readonly DmaAddress _iova;
    private IoAddressSpace? _ioas;

    private HardwareMemory(IoAddressSpace ioas, DmaAddress iova, PhysicalRange range)
    {
        _ioas = ioas;
        _iova = iova;
        Range = range;
    }

    /// <summary>Where it is.</summary>
    public PhysicalRange Range { get; }

    /// <summary>Pins it.</summary>
    /// <returns><see cref="Errno.EFAULT"/> where it lies in pieces; what pinning answers.</returns>
    public static Errno TryHold(IoAddressSpace ioas, DmaAddress iova, ulong length, out HardwareMemory? memory)
    {
        memory = null;
        using RangeListBuilder frames = RangeListBuilder.Rent();
        Errno errno = ioas.PinRange(iova.Value, length, isWrite: true, isLock: true, frames);
        if (errno != Errno.None)
        {
            return errno;
        }

        // Pins are of whole pages; what was asked for begins somewhere in the first.
        RangeList pages = frames.Build();
        PhysicalRange first = pages.Seek(0).Range;
        if (first.Length != pages.Length)
        {
            ioas.UnpinRange(iova.Value, length, isLock: true);
            return Errno.EFAULT;
        }

        memory = new(ioas, iova, first.Slice(iova.Value & (PageSize.Size4K - 1), length));
        return Errno.None;
    }

    /// <summary>Unpins it; a second call does nothing.</summary>
    public void Dispose() => Interlocked.Exchange(ref _ioas, null)?.UnpinRange(_iova.Value, Range.Length, isLock: true);
}
