// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Iommufd.Hardware;
using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>A device behind the mock IOMMU (section 4.3): remembers what it is attached to, how its faults were answered, and has four cached entries of its own.</summary>
internal sealed class MockIommuDevice : IIommuDevice, IPageRequester, IVirtualIommuProvider
{
    public static readonly MockHwInfo Info = new(0, 0x12345678);

    private readonly Lock _lock = new();

    public string Name { get; init; } = "mock";

    public IommuCapabilities Capabilities { get; init; } = IommuCapabilities.DirtyTracking | IommuCapabilities.PageFaults | IommuCapabilities.PasidExecute | IommuCapabilities.PasidPrivileged;

    public int PasidBits { get; init; } = Mock.PasidBits;

    public IAllocationGate? Gate { get; init; }

    /// <summary>What it was bound as, for tests that look later.</summary>
    public Physr.Dma.Iommufd.IommufdDevice? Bound { get; set; }

    /// <summary>Refuses every attachment while set.</summary>
    public Errno AttachError { get; set; }

    public object Unit { get; init; } = new();

    public IReadOnlyList<DmaRange> ReservedRanges => [];

    public uint HardwareInfoType => Mock.HwInfoType;

    public ReadOnlyMemory<byte> HardwareInfo { get; } = MemoryMarshal.AsBytes(new ReadOnlySpan<MockHwInfo>(in Info)).ToArray();

    public Dictionary<uint, IIommuDomain> Attached { get; } = [];

    public List<(uint Pasid, uint Group, PageResponse Response)> Answers { get; } = [];

    public uint[] Cache { get; } = [.. Enumerable.Repeat(Mock.CacheDefault, Mock.CacheEntries)];

    public MockVirtualIommu? Viommu { get; private set; }

    public List<MockNestedDomain> Nested { get; } = [];

    public Errno TryCreateDomain(IommuDomainRequest request, out IIommuDomain? domain)
    {
        domain = null;
        if (Gate?.TryPass("mock domain") == false)
        {
            return Errno.ENOMEM;
        }

        if (request.Parent is not null)
        {
            Errno errno = TryMakeNested(request.Parent, request.DataType, request.Data, out MockNestedDomain? nested);
            domain = nested;
            return errno;
        }

        if (request.DataType != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        domain = new MockDomain(Gate, Capabilities.HasFlag(IommuCapabilities.DirtyTracking));
        return Errno.None;
    }

    public Errno Attach(IIommuDomain domain, uint pasid)
    {
        lock (_lock)
        {
            if (AttachError == Errno.None)
            {
                Attached[pasid] = domain;
            }

            return AttachError;
        }
    }

    public void Detach(uint pasid)
    {
        lock (_lock)
        {
            Attached.Remove(pasid);
        }
    }

    public void Complete(uint pasid, uint groupId, PageResponse response)
    {
        lock (_lock)
        {
            Answers.Add((pasid, groupId, response));
        }
    }

    public Errno TryCreateVirtualIommu(in VirtualIommuRequest request, out IVirtualIommu? viommu)
    {
        viommu = null;
        if (request.Type != Mock.ViommuType)
        {
            return Errno.EOPNOTSUPP;
        }

        MockVirtualIommu made = new(this, request.Parent, request.Port);
        Errno errno = request.Data.IsEmpty ? Errno.None : made.TakeData(request.Data.Span);
        viommu = errno == Errno.None ? made : null;
        Viommu = errno == Errno.None ? made : Viommu;
        return errno;
    }

    internal Errno TryMakeNested(IIommuDomain parent, uint dataType, ReadOnlyMemory<byte> data, out MockNestedDomain? domain)
    {
        domain = null;
        if (dataType != Mock.HwptDataType)
        {
            return Errno.EOPNOTSUPP;
        }

        Errno errno = StructBytes.TryRead(data.Span, out MockHwptData read);
        if (errno == Errno.None)
        {
            domain = new(parent, read.Iotlb);
            lock (_lock)
            {
                Nested.Add(domain);
            }
        }

        return errno;
    }
}
