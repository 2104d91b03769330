// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>A guest's share of a physical IOMMU (<c>struct iommufd_viommu</c>): it knows the guest's names of devices, makes nested page tables, reports events, and may let
/// the hardware work queues in guest memory. Thread-safe.</summary>
public sealed partial class VirtualIommu : IommufdObject
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, VirtualDevice> _devices = [];
    private readonly Dictionary<uint, VirtualEventQueue> _events = [];
    private readonly Dictionary<(uint Type, uint Index), HardwareQueue?> _queues = [];
    private readonly VirtualIommuPort _port;
    private int _windowMappings;

    internal VirtualIommu(IommufdContext context, uint id, uint type, object unit, PagingHardwarePageTable parent, IVirtualIommu hardware, VirtualIommuPort port)
        : base(context, IommufdObjectKind.VirtualIommu, id)
    {
        Type = type;
        Unit = unit;
        Parent = parent;
        Hardware = hardware;
        _port = port;
    }

    /// <summary>Its kind (<c>enum iommu_viommu_type</c>).</summary>
    public uint Type { get; }

    /// <summary>The second stage of everything in it.</summary>
    public PagingHardwarePageTable Parent { get; }

    /// <summary>The driver's side of it.</summary>
    public IVirtualIommu Hardware { get; }

    /// <summary>The physical IOMMU it is a share of.</summary>
    internal object Unit { get; }

    /// <inheritdoc/>
    internal override bool IsHeldByOwner => Volatile.Read(ref _windowMappings) != 0;

    /// <summary>The device that the guest knows by a name; null for none.</summary>
    public VirtualDevice? FindDevice(ulong virtualId)
    {
        lock (_lock)
        {
            return _devices.GetValueOrDefault(virtualId);
        }
    }

    /// <summary>Makes the hardware forget cached state of the guest's devices (<c>IOMMU_HWPT_INVALIDATE</c>).</summary>
    /// <inheritdoc cref="INestedDomain.Invalidate"/>
    public Errno Invalidate(in InvalidationRequests requests, out uint done) => Hardware.Invalidate(in requests, out done);

    internal VirtualEventQueue? EventQueue(uint type)
    {
        lock (_lock)
        {
            return _events.GetValueOrDefault(type);
        }
    }

    /// <summary>Adds a device under a name and tells the hardware; <see cref="Errno.EEXIST"/> where the name stands for one already.</summary>
    internal Errno Add(VirtualDevice device)
    {
        lock (_lock)
        {
            if (!_devices.TryAdd(device.VirtualId, device))
            {
                return Errno.EEXIST;
            }

            Errno errno = Hardware.AddDevice(device.Device.Hardware, device.VirtualId);
            if (errno != Errno.None)
            {
                _devices.Remove(device.VirtualId);
            }

            return errno;
        }
    }

    internal void Remove(VirtualDevice device)
    {
        lock (_lock)
        {
            Hardware.RemoveDevice(device.Device.Hardware, device.VirtualId);
            _devices.Remove(device.VirtualId);
        }
    }

    /// <summary>Adds an event queue; one for each kind of event.</summary>
    internal bool TryAdd(VirtualEventQueue queue)
    {
        lock (_lock)
        {
            return _events.TryAdd(queue.Type, queue);
        }
    }

    internal void Remove(VirtualEventQueue queue)
    {
        lock (_lock)
        {
            _events.Remove(queue.Type);
        }
    }

    internal void WindowMapped() => Interlocked.Increment(ref _windowMappings);

    internal void WindowUnmapped() => Interlocked.Decrement(ref _windowMappings);

    /// <inheritdoc/>
    internal override void Release()
    {
        _port.VirtualIommu = null;
        _port.WithdrawWindows();
        (Hardware as IDisposable)?.Dispose();
        Parent.EndUse();
    }
}
