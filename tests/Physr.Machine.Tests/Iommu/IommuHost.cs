// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Machine.Bus;
using Physr.Machine.Fabric;
using Physr.Machine.Scenarios;
using Physr.Machine.Tests.Fabric;
using Physr.Pci.Spec;

namespace Physr.Machine.Tests.Iommu;

/// <summary>The test host behind an IOMMU, with mappings made past the mapper: what the fabric does with them is what is looked at.</summary>
internal sealed class IommuHost : IDisposable
{
    public const ushort Redirect = (ushort)AcsControl.RequestRedirect;

    private const IommuAccess ReadWrite = IommuAccess.Read | IommuAccess.Write;

    public IommuHost(IommuPolicy policy = IommuPolicy.Strict, ushort acsA = 0, ulong busOffset = 0, int iotlb = 1024, string cpu = "AuthenticAMD", int family = 25)
    {
        Host = new(cpu, family, busOffset, acsA, iommu: new(IoPageTableFormat.VtdSecondStage, policy, iotlb));
    }

    public TestHost Host { get; }

    public SimulatedMachine Machine => Host.Machine;

    public FabricNode A => Machine.Fabric["a"];

    public IDeviceBus Bus => Host.Device("a").Bus;

    public DmaDomain Domain => Machine.DmaOf(A).Domain!;

    public IommuUnit Unit => A.Iommu!;

    public ByteMeterReading Links => new(Host);

    /// <summary>Maps bytes for device a, as a driver behind an IOMMU does.</summary>
    public DmaAddress Map(ulong physical, ulong length, IommuAccess access = ReadWrite)
    {
        Assert.Equal(Errno.None, Domain.Iova.TryAllocate(length, ulong.MaxValue, out DmaAddress iova));
        Assert.Equal(Errno.None, Domain.Domain.Map(iova, new(physical), length, access));
        return iova;
    }

    public void Unmap(DmaAddress iova, ulong length)
    {
        IotlbGather gather = new();
        Assert.Equal(length, Domain.Domain.Unmap(iova, length, gather));
        Domain.Release(iova, length, gather);
    }

    /// <summary>Switches redirection at the port above a device, as <c>setpci</c> does.</summary>
    public void SetAcs(string port, ushort control)
    {
        FabricNode node = Machine.Fabric[port];
        node.Config.FindAcs(out int offset, out _);
        node.Config.WriteWord(offset + AcsCapability.Control, control);
    }

    public void Dispose() => Host.Dispose();

    /// <summary>What crossed the links that matter here.</summary>
    internal readonly struct ByteMeterReading(TestHost host)
    {
        public ulong UpToRoot => host.Carried("sw0", "rp0");

        public ulong AcrossToB => host.Carried("sw0", "b");
    }
}
