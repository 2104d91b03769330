// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.Iommu;

/// <summary>Who may reach what, and what is said where somebody may not.</summary>
public sealed class IommuUnitTests
{
    private static readonly RequesterId s_other = new(0, 2, 3, 1);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(ushort.MaxValue + 1)]
    public void AWrongOptionIsToldByTheNameThatTheCallerKnows(int domains) =>
        Assert.Throws<ArgumentOutOfRangeException>("options", () => new IommuUnit("iommu0", new() { MaxDomains = domains }));

    [Fact]
    public void ARequesterThatNothingIsAttachedFor_Faults_AndTheLogNamesIt()
    {
        IommuUnit unit = new("iommu0");
        Assert.False(unit.TryAccess(s_other, Pasid.None, new(0x1000), isWrite: true, out _, out IommuFault fault));
        Assert.Equal(new IommuFault(s_other, Pasid.None, new(0x1000), true, IommuFaultReason.NotAttached), fault);
        Assert.True(unit.Faults.TryRead(out IommuFault logged));
        Assert.Equal(fault, logged);
        Assert.Equal("write of 0x1000 by 0000:02:03.1: NotAttached", logged.ToString());
        Assert.False(unit.Faults.TryRead(out _));
    }

    [Fact]
    public void IdentityPassesEveryAddress_BlockedNone()
    {
        IommuUnit unit = new("iommu0");
        Assert.Equal(Errno.None, unit.AttachIdentity(s_other, Pasid.None));
        Assert.True(unit.TryAccess(s_other, Pasid.None, new(0x1_2345_6789), isWrite: true, out IommuTranslation translation, out _));
        Assert.Equal(0x1_2345_6789UL, translation.Address.Value);
        Assert.True(unit.TryAccess(s_other, Pasid.None, new(0x1000), isWrite: false, out translation, out _));
        Assert.Equal(IommuUnit.InterruptWindow.Start, translation.Leaf.End);

        // The last byte of 64 bits is in no range, so it is nobody's.
        Assert.False(unit.TryAccess(s_other, Pasid.None, DmaAddress.MappingError, isWrite: false, out _, out IommuFault fault));
        Assert.Equal(IommuFaultReason.BeyondAperture, fault.Reason);

        Assert.Equal(Errno.EBUSY, unit.AttachIdentity(s_other, Pasid.None));
        Assert.Equal(Errno.None, unit.Block(s_other, Pasid.None));
        Assert.False(unit.TryAccess(s_other, Pasid.None, new(0x1000), isWrite: false, out _, out fault));
        Assert.Equal(IommuFaultReason.Blocked, fault.Reason);
    }

    [Theory]
    [InlineData(IommuMode.None)]
    [InlineData(IommuMode.Blocked)]
    [InlineData(IommuMode.Identity)]
    [InlineData(IommuMode.Translated)]
    public void InterruptsAreNeverTranslated(IommuMode mode)
    {
        using IommuRig rig = new();
        switch (mode)
        {
            case IommuMode.Blocked:
                rig.Unit.Block(s_other, Pasid.None);
                break;
            case IommuMode.Identity:
                rig.Unit.AttachIdentity(s_other, Pasid.None);
                break;
            case IommuMode.Translated:
                rig.Unit.Attach(s_other, Pasid.None, rig.Domain);
                break;
        }

        Assert.Equal(mode, rig.Unit.ModeOf(s_other, Pasid.None, out IommuDomain? domain));
        Assert.Equal(mode == IommuMode.Translated, domain is not null);
        Assert.True(rig.Unit.TryAccess(s_other, Pasid.None, new(0xfee0_0004), isWrite: true, out IommuTranslation translation, out _));
        Assert.Equal(0xfee0_0004UL, translation.Address.Value);
        Assert.Equal(0, rig.Unit.Faults.Total);
        rig.Unit.Detach(s_other, Pasid.None);
    }

    [Fact]
    public void EachReasonIsTold()
    {
        using IommuRig rig = new();
        DmaAddress readOnly = rig.Map(0x10_0000, access: IommuAccess.Read);
        DmaAddress writeOnly = rig.Map(0x20_0000, access: IommuAccess.Write);
        Assert.Equal(IommuFaultReason.WriteDenied, Refusal(rig.Unit, readOnly, isWrite: true));
        Assert.Equal(IommuFaultReason.ReadDenied, Refusal(rig.Unit, writeOnly, isWrite: false));
        Assert.Equal(IommuFaultReason.NotMapped, Refusal(rig.Unit, new(0x5000), isWrite: false));
        Assert.Equal(IommuFaultReason.BeyondAperture, Refusal(rig.Unit, rig.Domain.Aperture.End, isWrite: false));

        // What is cached for reading is not thereby writable.
        Assert.Equal(0x10_0000UL, rig.Access(readOnly));
        Assert.Equal(IommuFaultReason.WriteDenied, Refusal(rig.Unit, readOnly, isWrite: true));
        Assert.Equal(0x10_0000UL, rig.Access(readOnly));
    }

    [Fact]
    public void APasidIsAnAddressSpaceOfItsOwn()
    {
        using IommuRig rig = new();
        using IommuDomain process = new(IoPageTableFormat.X86_64);
        Pasid pasid = new(7);
        DmaAddress iova = rig.Map(0x10_0000);
        Assert.False(rig.Unit.TryAccess(IommuRig.Device, pasid, iova, isWrite: false, out _, out IommuFault fault));
        Assert.Equal(IommuFaultReason.PasidNotAttached, fault.Reason);
        Assert.Equal($"read of {iova} by 0000:01:00.0 PASID 7: PasidNotAttached", fault.ToString());

        Assert.Equal(Errno.None, rig.Unit.Attach(IommuRig.Device, pasid, process));
        Assert.Equal(Errno.None, process.Map(iova, new(0x70_0000), PageSize.Size4K, IommuRig.ReadWrite));
        Assert.True(rig.Unit.TryAccess(IommuRig.Device, pasid, iova, isWrite: false, out IommuTranslation translation, out _));
        Assert.Equal(0x70_0000UL, translation.Address.Value);
        Assert.Equal(0x10_0000UL, rig.Access(iova));
        Assert.Equal(2, rig.Unit.Attachments);

        Assert.Equal(Errno.EINVAL, rig.Unit.Attach(IommuRig.Device, new(1 << 20), process));
        Assert.Equal(Errno.None, rig.Unit.Detach(IommuRig.Device, pasid));
        Assert.Equal(Errno.ENOENT, rig.Unit.Detach(IommuRig.Device, pasid));
    }

    [Fact]
    public void ReplacingADomainLeavesNothingOfTheOldOne()
    {
        using IommuRig rig = new();
        using IommuDomain next = new(IoPageTableFormat.AmdV1);
        DmaAddress iova = rig.Map(0x10_0000);
        Assert.Equal(0x10_0000UL, rig.Access(iova));
        Assert.Equal(Errno.EBUSY, rig.Unit.Attach(IommuRig.Device, Pasid.None, next));
        Assert.Equal(Errno.None, rig.Unit.Replace(IommuRig.Device, Pasid.None, next));
        Assert.Null(rig.Access(iova));
        next.Map(iova, new(0x30_0000), PageSize.Size4K, IommuRig.ReadWrite);
        Assert.Equal(0x30_0000UL, rig.Access(iova));
        Assert.Equal(1, rig.Unit.Statistics.DomainInvalidations);
        Assert.Equal(1, rig.Unit.Statistics.Dropped);
        Assert.Equal(Errno.None, rig.Unit.Replace(IommuRig.Device, Pasid.None, rig.Domain));
        Assert.Equal(0x10_0000UL, rig.Access(iova));
    }

    [Fact]
    public void DomainIdsRunOut_AndComeBack_WithoutAnotherDomainsEntries()
    {
        IommuUnit unit = new("small", new() { MaxDomains = 2 });
        IommuDomain[] domains = [.. Enumerable.Range(0, 3).Select(static _ => new IommuDomain(IoPageTableFormat.VtdSecondStage))];
        for (int i = 0; i < 3; i++)
        {
            domains[i].Map(new(0x1000), new(0x10_0000UL * (ulong)(i + 1)), PageSize.Size4K, IommuRig.ReadWrite);
        }

        RequesterId[] devices = [new(0, 1, 0, 0), new(0, 2, 0, 0), new(0, 3, 0, 0)];
        Assert.Equal(Errno.None, unit.Attach(devices[0], Pasid.None, domains[0]));
        Assert.Equal(Errno.None, unit.Attach(devices[1], Pasid.None, domains[1]));
        Assert.Equal(Errno.ENOSPC, unit.Attach(devices[2], Pasid.None, domains[2]));
        Assert.True(unit.TryAccess(devices[0], Pasid.None, new(0x1000), isWrite: false, out _, out _));
        Assert.Equal(Errno.None, unit.Detach(devices[0], Pasid.None));

        // The third gets the first one's id, and none of what was cached under it.
        Assert.Equal(Errno.None, unit.Attach(devices[2], Pasid.None, domains[2]));
        Assert.True(unit.TryAccess(devices[2], Pasid.None, new(0x1000), isWrite: false, out IommuTranslation translation, out _));
        Assert.Equal(0x30_0000UL, translation.Address.Value);
        unit.Detach(devices[1], Pasid.None);
        unit.Detach(devices[2], Pasid.None);
        Array.ForEach(domains, static domain => domain.Dispose());
    }

    [Fact]
    public void ADomainInUseIsNotDisposed()
    {
        using IommuRig rig = new();
        PhysrException refused = Assert.Throws<PhysrException>(rig.Domain.Dispose);
        Assert.Equal(Errno.EBUSY, refused.Errno);
        Assert.Contains("iommu0", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheFaultLogIsBounded_AndSaysThatItLostSome()
    {
        IommuUnit unit = new("iommu0", new() { FaultRecords = 4 });
        for (ulong i = 0; i < 6; i++)
        {
            unit.TryAccess(s_other, Pasid.None, new(i << 12), isWrite: false, out _, out _);
        }

        Assert.Equal((4, 6, true), (unit.Faults.Count, (int)unit.Faults.Total, unit.Faults.HasOverflowed));
        for (ulong i = 0; i < 4; i++)
        {
            Assert.True(unit.Faults.TryRead(out IommuFault fault));
            Assert.Equal(i << 12, fault.Address.Value);
        }

        unit.Faults.Clear();
        Assert.False(unit.Faults.HasOverflowed);
        unit.TryAccess(s_other, Pasid.None, new(0x9000), isWrite: false, out _, out _);
        Assert.True(unit.Faults.TryRead(out IommuFault last));
        Assert.Equal(0x9000UL, last.Address.Value);
    }

    [Fact]
    public void ADeviceHandedOutIsAttachedByTheSameRules()
    {
        IommuUnit unit = new("iommu0");
        IommuDevice device = new(unit, s_other, IoPageTableFormat.AmdV1, pasidBits: 4, reserved: [new(new(0xe000_0000), 1 << 20)]);
        Assert.Equal("0000:02:03.1", device.Name);
        Assert.Equal([IommuUnit.InterruptWindow, new(new(0xe000_0000), 1 << 20)], device.ReservedRanges);
        Assert.Equal(Errno.EOPNOTSUPP, device.TryCreateDomain(IommuDomainRequest.Paging(IommuDomainFlags.NestParent), out _));
        Assert.Equal(Errno.None, device.TryCreateDomain(IommuDomainRequest.Paging(IommuDomainFlags.DirtyTracking), out IIommuDomain? domain));
        using IommuDomain created = Assert.IsType<IommuDomain>(domain);
        using IommuDomain foreign = new(IoPageTableFormat.X86_64);
        Assert.Equal(Errno.EINVAL, device.Attach(foreign, 0));
        Assert.Equal(Errno.EINVAL, device.Attach(created, 16));
        Assert.Equal(Errno.None, device.Attach(created, 15));
        Assert.Equal(Errno.None, device.Attach(created, 0));
        created.Map(new(0x1000), new(0x10_0000), PageSize.Size4K, IommuRig.ReadWrite);
        Assert.True(unit.TryAccess(s_other, new(15), new(0x1000), isWrite: true, out _, out _));
        device.Detach(15);
        device.Detach(15);
        Assert.False(unit.TryAccess(s_other, new(15), new(0x1000), isWrite: true, out _, out _));
        Assert.True(unit.TryAccess(s_other, Pasid.None, new(0x1000), isWrite: true, out _, out _));
        device.Detach(0);
    }

    private static IommuFaultReason Refusal(IommuUnit unit, DmaAddress iova, bool isWrite)
    {
        Assert.False(unit.TryAccess(IommuRig.Device, Pasid.None, iova, isWrite, out _, out IommuFault fault));
        return fault.Reason;
    }
}
