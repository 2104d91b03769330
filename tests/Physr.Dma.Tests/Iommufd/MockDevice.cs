// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>A device behind a mock IOMMU (section 4.3).</summary>
internal sealed class MockDevice(string name = "mock0", IAllocationGate? gate = null) : IIommuDevice
{
    private readonly Dictionary<uint, MockDomain> _attached = [];

    public string Name => name;

    public IommuCapabilities Capabilities { get; init; } = IommuCapabilities.DirtyTracking | IommuCapabilities.CacheCoherency;

    public int PasidBits { get; init; } = 20;

    public IReadOnlyList<DmaRange> ReservedRanges { get; init; } = [];

    public uint HardwareInfoType => 0xfeedbeef;

    public ReadOnlyMemory<byte> HardwareInfo => new byte[8];

    public bool UsesHuge { get; init; } = true;

    /// <summary>Makes it fit no domain of another device.</summary>
    public bool IsPicky { get; init; }

    public HashSet<MockDomain> Made { get; } = [];

    public MockDomain? Domain(uint pasid = 0)
    {
        lock (_attached)
        {
            return _attached.GetValueOrDefault(pasid);
        }
    }

    public Errno TryCreateDomain(IommuDomainRequest request, out IIommuDomain? domain)
    {
        domain = null;
        if (request.Parent is not null || request.DataType != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        if (gate?.TryPass("mock domain") == false)
        {
            return Errno.ENOMEM;
        }

        MockDomain made = new(gate, Capabilities.HasFlag(IommuCapabilities.DirtyTracking), UsesHuge);
        lock (_attached)
        {
            Made.Add(made);
        }

        domain = made;
        return Errno.None;
    }

    public Errno Attach(IIommuDomain domain, uint pasid)
    {
        lock (_attached)
        {
            if (domain is not MockDomain mock || (IsPicky && !Made.Contains(mock)))
            {
                return Errno.EINVAL;
            }

            if (gate?.TryPass("mock attachment") == false)
            {
                return Errno.ENOMEM;
            }

            Assert.False(mock.IsDisposed);
            _attached[pasid] = mock;
            return Errno.None;
        }
    }

    public void Detach(uint pasid)
    {
        lock (_attached)
        {
            _attached.Remove(pasid);
        }
    }
}
