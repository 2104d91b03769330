// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>A device, a nesting parent and a virtual IOMMU over it, as the suite's fixture makes them.</summary>
internal sealed class ViommuRig : IDisposable
{
    public ViommuRig(bool isScattered = false)
    {
        Uapi = new(isScattered: isScattered);
        Mock = new() { Unit = Unit };
        Device = Uapi.Bind(Mock);
        Ioas = Uapi.IoasAlloc();
        Assert.Equal(Errno.None, Device.Attach(Uapi.Object<IoAddressSpace>(Ioas)));
        Assert.Equal(Errno.None, Uapi.HwptAlloc(Device.Id, Ioas, IommuDomainFlags.NestParent, out uint parent));
        Parent = parent;
        Assert.Equal(Errno.None, Uapi.ViommuAlloc(Device.Id, Parent, Hardware.Mock.ViommuType, out uint viommu));
        Viommu = viommu;
        Assert.Equal(Errno.None, Uapi.HwptAllocNested(Device.Id, Viommu, IommuDomainFlags.None, out uint nested));
        Nested = nested;
    }

    public object Unit { get; } = new();

    public UapiRig Uapi { get; }

    public MockIommuDevice Mock { get; }

    public IommufdDevice Device { get; }

    public uint Ioas { get; }

    public uint Parent { get; }

    public uint Viommu { get; }

    public uint Nested { get; }

    public void Dispose()
    {
        Uapi.Dispose();
        Assert.True(Mock.Viommu!.IsDisposed);
        Assert.Empty(Mock.Attached);
    }
}
