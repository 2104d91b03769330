// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>What a virtual IOMMU's driver tells the user: events, and windows of registers that the user may map. Thread-safe.</summary>
public sealed class VirtualIommuPort
{
    private readonly IommufdContext _context;
    private readonly Lock _lock = new();
    private readonly List<ulong> _windows = [];
    private VirtualIommu? _viommu;

    internal VirtualIommuPort(IommufdContext context) => _context = context;

    /// <summary>Lets the user map a window of registers.</summary>
    /// <param name="registers">Where they are, on page boundaries.</param>
    /// <param name="offset">What the user maps: an offset in the context's own file.</param>
    /// <returns><see cref="Errno.EINVAL"/> for what does not lie on pages or is empty, <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryPublishWindow(PhysicalRange registers, out ulong offset)
    {
        Errno errno = _context.Windows.TryAdd(registers, this, out offset);
        if (errno == Errno.None)
        {
            lock (_lock)
            {
                _windows.Add(offset);
            }
        }

        return errno;
    }

    /// <summary>Reports an event (<c>iommufd_viommu_report_event</c>).</summary>
    /// <param name="type">Its kind.</param>
    /// <param name="data">The kind's own words; not empty.</param>
    /// <returns><see cref="Errno.EOPNOTSUPP"/> where the user asked for no events of the kind, <see cref="Errno.EINVAL"/> without data, <see cref="Errno.ENOMEM"/>: the event is lost then, and the user sees it.</returns>
    public Errno Report(uint type, ReadOnlySpan<byte> data) =>
        data.IsEmpty ? Errno.EINVAL : Volatile.Read(ref _viommu)?.EventQueue(type)?.Add(data) ?? Errno.EOPNOTSUPP;

    /// <summary>The object it belongs to, once that is there and until it goes.</summary>
    internal VirtualIommu? VirtualIommu
    {
        get => Volatile.Read(ref _viommu);
        set => Volatile.Write(ref _viommu, value);
    }

    /// <summary>Takes every window back.</summary>
    internal void WithdrawWindows()
    {
        lock (_lock)
        {
            _windows.ForEach(_context.Windows.Remove);
            _windows.Clear();
        }
    }
}
