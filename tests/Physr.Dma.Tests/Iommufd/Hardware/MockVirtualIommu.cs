// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Hardware;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>The mock's virtual IOMMU: invalidates devices' four cached entries by the guest's names, reports one kind of event, has two queues of which the second needs the first.</summary>
internal sealed class MockVirtualIommu(MockIommuDevice owner, IIommuDomain parent, VirtualIommuPort port) : IVirtualIommu, IDisposable
{
    public static readonly PhysicalRange Registers = new(new(0xfe00_0000), 8192);

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, MockIommuDevice> _devices = [];
    private readonly HashSet<uint> _queues = [];

    public bool IsDisposed { get; private set; }

    public int DeviceCount
    {
        get
        {
            lock (_lock)
            {
                return _devices.Count;
            }
        }
    }

    public Errno TakeData(Span<byte> data)
    {
        Errno errno = StructBytes.TryRead(data, out MockViommuData taken);
        if (errno != Errno.None)
        {
            return errno;
        }

        errno = port.TryPublishWindow(Registers, out ulong offset);
        taken = taken with { OutData = taken.InData, OutMmapOffset = offset, OutMmapLength = Registers.Length };
        MemoryMarshal.Write(data, in taken);
        return errno;
    }

    public Errno TryCreateNestedDomain(IIommuDevice device, IommuDomainFlags flags, uint dataType, ReadOnlyMemory<byte> data, out INestedDomain? domain)
    {
        Errno errno = owner.TryMakeNested(parent, dataType, data, out MockNestedDomain? nested);
        domain = nested;
        return errno;
    }

    public Errno Invalidate(in InvalidationRequests requests, out uint done)
    {
        done = 0;
        if (requests.DataType != Mock.ViommuInvalidationType)
        {
            return Errno.EINVAL;
        }

        for (; done < requests.Count; done++)
        {
            if (requests.EntryLength != 12)
            {
                return Errno.EINVAL;
            }

            Errno errno = requests.TryRead(done, out MockViommuInvalidation request);
            errno = errno == Errno.None ? Invalidate(in request) : errno;
            if (errno != Errno.None)
            {
                return errno;
            }
        }

        return Errno.None;
    }

    public Errno AddDevice(IIommuDevice device, ulong virtualId)
    {
        lock (_lock)
        {
            _devices.Add(virtualId, (MockIommuDevice)device);
            return Errno.None;
        }
    }

    public void RemoveDevice(IIommuDevice device, ulong virtualId)
    {
        lock (_lock)
        {
            Assert.True(_devices.Remove(virtualId));
        }
    }

    public bool Reports(uint eventType) => eventType == Mock.EventType;

    public bool HasQueues(uint queueType) => queueType == Mock.QueueType;

    public Errno TryCreateQueue(in HardwareQueueRequest request, out IHardwareQueue? queue)
    {
        queue = null;
        lock (_lock)
        {
            if (request.Index >= Mock.QueueCount)
            {
                return Errno.EINVAL;
            }

            if (request.Index != 0 && !_queues.Contains(request.Index - 1))
            {
                return Errno.EIO;
            }

            Assert.True(_queues.Add(request.Index));
            queue = new Queue(this, request.Index);
            return Errno.None;
        }
    }

    /// <summary>Reports an event of a device, by the guest's name of it; <see cref="Errno.ENOENT"/> where it has none.</summary>
    public Errno TriggerEvent(MockIommuDevice device)
    {
        uint name;
        lock (_lock)
        {
            KeyValuePair<ulong, MockIommuDevice>[] found = [.. _devices.Where(pair => ReferenceEquals(pair.Value, device))];
            if (found.Length == 0)
            {
                return Errno.ENOENT;
            }

            name = (uint)found[0].Key;
        }

        return port.Report(Mock.EventType, MemoryMarshal.AsBytes(new ReadOnlySpan<uint>(in name)));
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Assert.Empty(_devices);
            Assert.Empty(_queues);
            IsDisposed = true;
        }
    }

    private Errno Invalidate(in MockViommuInvalidation request)
    {
        lock (_lock)
        {
            if ((request.Flags & ~Mock.InvalidateAll) != 0)
            {
                return Errno.EOPNOTSUPP;
            }

            if (request.CacheId >= Mock.CacheEntries || !_devices.TryGetValue(request.VirtualId, out MockIommuDevice? device))
            {
                return Errno.EINVAL;
            }

            Array.Clear(device.Cache, request.Flags != 0 ? 0 : (int)request.CacheId, request.Flags != 0 ? Mock.CacheEntries : 1);
            return Errno.None;
        }
    }

    private sealed class Queue(MockVirtualIommu viommu, uint index) : IHardwareQueue
    {
        public uint? NeedsIndex => index == 0 ? null : index - 1;

        public void Dispose()
        {
            lock (viommu._lock)
            {
                Assert.True(viommu._queues.Remove(index));
            }
        }
    }
}
