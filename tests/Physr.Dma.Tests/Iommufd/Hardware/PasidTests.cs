// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Tests.Iommufd.Faults;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Hardware;

/// <summary>What may be attached to a device's PASIDs (the suite's iommufd_device_pasid).</summary>
public sealed class PasidTests
{
    private const uint Pasid = 100;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void R78_pasid_attach(bool hasPasids)
    {
        using UapiRig rig = new();
        MockIommuDevice mock = new() { PasidBits = hasPasids ? Mock.PasidBits : 0 };
        IommufdDevice device = rig.Bind(mock);
        uint ioasId = rig.IoasAlloc();
        IoAddressSpace ioas = rig.Object<IoAddressSpace>(ioasId);
        Assert.Equal(Errno.None, device.Attach(ioas));
        Assert.Equal(Errno.None, rig.HwptAlloc(device.Id, ioasId, IommuDomainFlags.NestParent | IommuDomainFlags.Pasid, out uint parent));
        Assert.Equal(Errno.None, rig.HwptAlloc(device.Id, ioasId, IommuDomainFlags.None, out uint plain));
        Assert.Equal(Errno.None, rig.HwptAlloc(device.Id, ioasId, IommuDomainFlags.Pasid, out uint second));
        Assert.Equal(Errno.None, rig.FaultAlloc(out uint faults, out int file));
        Assert.Equal(Errno.None, rig.HwptAllocNested(device.Id, parent, IommuDomainFlags.None, out uint nestedPlain));
        Assert.Equal(Errno.None, rig.HwptAllocNested(device.Id, parent, IommuDomainFlags.ReportFaults | IommuDomainFlags.Pasid, out uint nested, faults));
        HardwarePageTable parentTable = rig.Object<HardwarePageTable>(parent);
        HardwarePageTable plainTable = rig.Object<HardwarePageTable>(plain);
        HardwarePageTable secondTable = rig.Object<HardwarePageTable>(second);
        HardwarePageTable nestedTable = rig.Object<HardwarePageTable>(nested);

        if (!hasPasids)
        {
            Assert.Equal(Errno.EINVAL, device.Attach(parentTable, Pasid));
            Assert.Equal(Errno.EINVAL, device.Attach(nestedTable, Pasid));
            Assert.Empty(device.AttachedPasids);
            rig.Files.Close(file);
            return;
        }

        // The device's own address space is on a table that cannot serve PASIDs: none may be attached.
        Assert.Equal(Errno.EINVAL, device.Attach(parentTable, Pasid));
        Assert.Equal(Errno.None, device.Replace(parentTable));

        Assert.Equal(Errno.EINVAL, device.Attach(nestedTable, 1U << Mock.PasidBits));
        Assert.Equal(Errno.EINVAL, device.Attach(ioas, Pasid));
        Assert.Equal(Errno.EINVAL, device.Attach(plainTable, Pasid));
        Assert.Equal(Errno.EINVAL, device.Attach(rig.Object<HardwarePageTable>(nestedPlain), Pasid));
        Assert.Equal(Errno.EINVAL, device.Replace(nestedTable, Pasid));
        Assert.Equal(Errno.None, device.Attach(nestedTable, Pasid));
        Assert.Same(nestedTable.Domain, mock.Attached[Pasid]);
        Assert.Equal(Errno.EBUSY, device.Attach(nestedTable, Pasid));
        Assert.Equal(Errno.EINVAL, device.Attach(secondTable, Pasid));
        Assert.Equal(Errno.EBUSY, rig.Destroy(nested));
        Assert.Equal(Errno.EINVAL, device.Replace(ioas, Pasid));
        Assert.Equal(Errno.EINVAL, device.Replace(plainTable, Pasid));
        Assert.Same(nestedTable, device.AttachedTo(Pasid));

        // While PASIDs are attached the device's own address space keeps to tables that can serve them.
        Assert.Equal(Errno.EINVAL, device.Replace(ioas));
        Assert.Equal(Errno.EINVAL, device.Replace(plainTable));
        Assert.Same(parentTable.Domain, mock.Attached[0]);
        Assert.Equal(Errno.None, device.Replace(secondTable));
        FaultRecords.TriggerAndAnswer(device, mock, rig.Files[file], Pasid);

        mock.AttachError = Errno.ENOMEM;
        Assert.Equal(Errno.ENOMEM, device.Replace(secondTable, Pasid));
        Assert.Same(nestedTable, device.AttachedTo(Pasid));
        Assert.Same(nestedTable.Domain, mock.Attached[Pasid]);
        mock.AttachError = Errno.None;
        Assert.Equal(Errno.None, device.Replace(secondTable, Pasid));
        Assert.Equal(Errno.None, device.Replace(parentTable, Pasid));
        Assert.Equal([Pasid], device.AttachedPasids);
        Assert.Equal(Errno.None, rig.Destroy(nested));

        device.Detach();
        Assert.Equal(Errno.EINVAL, device.Attach(plainTable));
        device.Detach(Pasid);
        device.Detach(Pasid);
        Assert.Empty(mock.Attached);
        Assert.Equal(Errno.None, device.Attach(plainTable));
        Assert.Equal(Errno.EINVAL, device.Attach(parentTable, Pasid));
        rig.Files.Close(file);
    }

    [Fact]
    public void R78_AnAttachmentToAPasidAloneKeepsItsReservationsApart()
    {
        using UapiRig rig = new();
        IommufdDevice device = rig.Bind(new MockIommuDevice());
        uint ioas = rig.IoasAlloc();
        Assert.Equal(Errno.None, rig.HwptAlloc(device.Id, ioas, IommuDomainFlags.Pasid, out uint table));
        Assert.Equal(Errno.None, device.Attach(rig.Object<HardwarePageTable>(table), 1));
        Assert.Equal(Errno.None, device.Attach(rig.Object<HardwarePageTable>(table), 2));
        Assert.Equal([1U, 2U], device.AttachedPasids);
        device.Unbind();
        Assert.Equal(Errno.None, rig.Destroy(table));
    }
}
