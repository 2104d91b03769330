// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>The windows of registers that can be mapped through a context's file, by offset. Offsets are not used twice. Thread-safe.</summary>
internal sealed class RegisterWindows(IommufdContext context)
{
    private const ulong PageSize = 4096;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, (PhysicalRange Registers, VirtualIommuPort Port)> _windows = [];
    private ulong _nextOffset = PageSize;

    /// <summary>Windows there are.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _windows.Count;
            }
        }
    }

    /// <summary>Adds a window.</summary>
    public Errno TryAdd(PhysicalRange registers, VirtualIommuPort port, out ulong offset)
    {
        offset = 0;
        if (registers.IsEmpty || !registers.Start.IsAligned(PageSize) || registers.Length % PageSize != 0)
        {
            return Errno.EINVAL;
        }

        if (!context.Passes("register window"))
        {
            return Errno.ENOMEM;
        }

        lock (_lock)
        {
            offset = _nextOffset;
            _nextOffset = checked(_nextOffset + registers.Length);
            _windows.Add(offset, (registers, port));
            return Errno.None;
        }
    }

    /// <summary>Takes a window away.</summary>
    public void Remove(ulong offset)
    {
        lock (_lock)
        {
            _windows.Remove(offset);
        }
    }

    /// <summary>Finds the window that begins at an offset and has a length; false for anything else.</summary>
    public bool TryFind(ulong offset, ulong length, out PhysicalRange registers, out VirtualIommu? viommu)
    {
        lock (_lock)
        {
            bool isFound = _windows.TryGetValue(offset, out (PhysicalRange Registers, VirtualIommuPort Port) window) && window.Registers.Length == length;
            registers = isFound ? window.Registers : default;
            viommu = isFound ? window.Port.VirtualIommu : null;
            return viommu is not null;
        }
    }
}
