// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Hardware;
using Physr.Dma.Tests.Iommufd.Faults;
using Physr.Dma.Tests.Iommufd.Uapi;
using Physr.Memory;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>Each step that may fail is failed in turn; nothing crashes, leaks or stays referenced (row R91).</summary>
public sealed class FailNthTests
{
    [Fact]
    public void R91_EveryStepOfGuestsTablesVirtualIommusAndFaultsMayFail() => FailNth.Repeat(least: 14, Passes);

    private static bool Passes(FailNthGate gate)
    {
        MockIommuDevice mock = new() { Gate = gate };
        using UapiRig rig = new(gate: gate);
        bool passes = Scenario(rig, mock);

        // Everything can be destroyed by its id: a use that was not ended would show here.
        while (rig.Files.Any(new(0)) is not null)
        {
            rig.Files.CloseOne(new(0));
        }

        if (mock.Bound is { } device)
        {
            device.Unbind();
        }

        for (int before = -1; before != rig.Context.ObjectCount;)
        {
            before = rig.Context.ObjectCount;
            for (uint id = 0; id < 32; id++)
            {
                rig.Destroy(id);
            }
        }

        Assert.Equal(0, rig.Context.ObjectCount);
        rig.Context.Dispose();
        Assert.Empty(mock.Attached);
        Assert.True(mock.Viommu?.IsDisposed ?? true);
        Assert.Equal(0, mock.Viommu?.DeviceCount ?? 0);
        return passes;
    }

    /// <summary>Goes on until a step fails; every failure is the one that was injected.</summary>
    private static bool Scenario(UapiRig rig, MockIommuDevice mock)
    {
        IoAddressSpace? ioas = null;
        if (Fails(rig.Context.Bind(mock, out IommufdDevice? device))
            || Fails((mock.Bound = device) is null ? Errno.EINVAL : rig.Context.CreateAddressSpace(out ioas))
            || Fails(device!.Attach(ioas!)))
        {
            return false;
        }

        ulong iova = Mock.ApertureStart;
        const IommuDomainFlags Guest = IommuDomainFlags.ReportFaults | IommuDomainFlags.Pasid;
        MockViommuData words = new(1, 0, 0, 0);
        byte[] data = MemoryMarshal.AsBytes(new ReadOnlySpan<MockViommuData>(in words)).ToArray();
        if (Fails(rig.Map(ioas!.Id, UapiRig.Buffer, 8192, ref iova, isFixed: true))
            || Fails(rig.FaultAlloc(out uint faults, out int file))
            || Fails(rig.HwptAlloc(device.Id, ioas.Id, IommuDomainFlags.NestParent | IommuDomainFlags.Pasid, out uint parent))
            || Fails(rig.HwptAlloc(device.Id, ioas.Id, Guest, out _, faults))
            || Fails(rig.HwptAllocNested(device.Id, parent, Guest, out uint nested, faults))
            || Fails(rig.Context.CreateVirtualIommu(device, rig.Object<PagingHardwarePageTable>(parent), Mock.ViommuType, data, out VirtualIommu? viommu))
            || Fails(rig.HwptAllocNested(device.Id, viommu!.Id, Guest, out uint guest, faults))
            || Fails(rig.VdeviceAlloc(viommu.Id, device.Id, 0x99, out _))
            || Fails(rig.VeventqAlloc(viommu.Id, Mock.EventType, 2, out _, out int events))
            || Fails(rig.HwQueueAlloc(viommu.Id, Mock.QueueType, 0, iova, 4096, out _))
            || Fails(rig.HwQueueAlloc(viommu.Id, Mock.QueueType, 1, iova + 4096, 4096, out _))
            || Fails(device.Replace(rig.Object<HardwarePageTable>(nested)))
            || Fails(device.Replace(rig.Object<HardwarePageTable>(guest)))
            || Fails(device.Attach(rig.Object<HardwarePageTable>(guest), 7)))
        {
            return false;
        }

        foreach (uint pasid in (uint[])[0, 7])
        {
            if (Fails(device.ReportPageFault(FaultRecords.Request(pasid, 1, isLast: false)))
                || Fails(device.ReportPageFault(FaultRecords.Request(pasid, 1, isLast: true))))
            {
                return false;
            }
        }

        Assert.Equal(4, FaultRecords.Read(rig.Files[file]).Length);
        return !Fails(mock.Viommu!.TriggerEvent(mock)) && rig.Files[events].IsReadable;
    }

    private static bool Fails(Errno errno)
    {
        Assert.True(errno is Errno.None or Errno.ENOMEM, $"{errno}");
        return errno != Errno.None;
    }
}
