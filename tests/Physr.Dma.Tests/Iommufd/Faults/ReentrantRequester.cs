// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Faults;
using Physr.Dma.Tests.Iommufd.Hardware;

namespace Physr.Dma.Tests.Iommufd.Faults;

/// <summary>A device that on its first answer faults again from another thread, as hardware does that works while its driver is told.</summary>
internal sealed class ReentrantRequester : IIommuDevice, IPageRequester
{
    private readonly MockIommuDevice _mock = new();

    public IommufdDevice? Device { get; set; }

    public int Answered { get; private set; }

    public string Name => "reentrant";

    public IommuCapabilities Capabilities => _mock.Capabilities;

    public int PasidBits => 0;

    public IReadOnlyList<DmaRange> ReservedRanges => [];

    public uint HardwareInfoType => 0;

    public ReadOnlyMemory<byte> HardwareInfo => default;

    public Errno TryCreateDomain(IommuDomainRequest request, out IIommuDomain? domain) => _mock.TryCreateDomain(request, out domain);

    public Errno Attach(IIommuDomain domain, uint pasid) => Errno.None;

    public void Detach(uint pasid)
    {
    }

    public void Complete(uint pasid, uint groupId, PageResponse response)
    {
        if (Answered++ == 0)
        {
            Task.Run(() => Device!.ReportPageFault(FaultRecords.Request(0, 99, isLast: true))).Wait();
        }
    }
}
