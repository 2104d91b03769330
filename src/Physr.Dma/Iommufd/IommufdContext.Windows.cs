// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Iommufd;

public sealed partial class IommufdContext
{
    private RegisterWindows? _windows;

    /// <summary>Windows of registers that can be mapped now.</summary>
    public int WindowCount => Windows.Count;

    internal RegisterWindows Windows => Volatile.Read(ref _windows) ?? Interlocked.CompareExchange(ref _windows, new(this), null) ?? _windows;

    /// <summary>Maps a window of a virtual IOMMU's registers through the context's file (<c>mmap</c>).</summary>
    /// <param name="offset">As the virtual IOMMU's data gave it.</param>
    /// <param name="length">Bytes: the whole window.</param>
    /// <param name="mapping">The mapping, to be disposed.</param>
    /// <returns><see cref="Errno.ENXIO"/> for anything but exactly one window.</returns>
    public Errno MapWindow(ulong offset, ulong length, out RegisterWindowMapping? mapping)
    {
        mapping = null;
        if (!Windows.TryFind(offset, length, out PhysicalRange registers, out VirtualIommu? viommu) || !viommu!.TryUse())
        {
            return Errno.ENXIO;
        }

        viommu.WindowMapped();
        mapping = new(viommu, registers);
        viommu.EndUse();
        return Errno.None;
    }
}
