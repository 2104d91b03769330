// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using static Physr.Dma.Tests.Iommufd.IommufdRig;

namespace Physr.Dma.Tests.Iommufd;

/// <summary>Objects, their uses and their ends; options; who pays (the suite's fixtures <c>iommufd</c> and <c>change_process</c>, part of <c>iommufd_ioas</c>).</summary>
public sealed class ObjectTests
{
    public static TheoryData<string> Variants => IommufdRig.Variants;

    [Fact]
    public void R71_iommufd_simple_close()
    {
        FakeProcess process = new(new());
        using IommufdContext context = new(process);
        Assert.Equal(0, context.ObjectCount);
    }

    [Fact]
    public void R71_cmd_fail()
    {
        using IommufdRig rig = new();
        Is(Errno.ENOENT, rig.Context.Destroy(0));
        Is(Errno.ENOENT, rig.Context.Destroy(uint.MaxValue));
        Is(Errno.ENOENT, rig.Context.Find(0, out IoAddressSpace? none));
        Assert.Null(none);
        Is(Errno.ENOENT, rig.Context.Find(rig.Ioas.Id, out IommufdDevice? _));
        Ok(rig.Context.Find(rig.Ioas.Id, out IoAddressSpace? found));
        Assert.Same(rig.Ioas, found);
    }

    [Fact]
    public void R71_global_options()
    {
        FakeProcess process = new(new());
        using IommufdContext context = new(process);
        Ok(context.GetOption(IommufdOption.RlimitMode, 0, out ulong value));
        Assert.Equal(0UL, value);
        Ok(context.SetOption(IommufdOption.RlimitMode, 0, 1));
        Ok(context.GetOption(IommufdOption.RlimitMode, 0, out value));
        Assert.Equal(1UL, value);
        Ok(context.SetOption(IommufdOption.RlimitMode, 0, 0));
        Is(Errno.EINVAL, context.SetOption(IommufdOption.RlimitMode, 0, 2));
        Is(Errno.EOPNOTSUPP, context.SetOption(IommufdOption.RlimitMode, 1, 0));
        Is(Errno.ENOENT, context.SetOption(IommufdOption.HugePages, 0, 1));
        Is(Errno.ENOENT, context.GetOption(IommufdOption.HugePages, 0, out _));
        Is(Errno.EOPNOTSUPP, context.SetOption((IommufdOption)2, 0, 1));
        Is(Errno.EOPNOTSUPP, context.GetOption((IommufdOption)(-1), 0, out _));
        Ok(context.CreateAddressSpace(out _));
        Is(Errno.EBUSY, context.SetOption(IommufdOption.RlimitMode, 0, 1));

        using IommufdContext unprivileged = new(process, new() { MayChangeAccounting = false });
        Is(Errno.EPERM, unprivileged.SetOption(IommufdOption.RlimitMode, 0, 1));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("user")]
    [InlineData("mm")]
    public void R75b_change_process_basic(string mode)
    {
        FakeRam ram = new();
        FakeProcess process = new(ram) { IsExemptFromLimits = mode == "none" };
        PinAccounting accounting = mode == "mm" ? PinAccounting.Process : PinAccounting.User;
        using IommufdRig rig = new(1, 16 * PageBytes, new() { Accounting = accounting }, process);
        FakeProcess child = process.Fork();

        // Whose virtual addresses are mapped cannot be handed on.
        ulong anonymous = rig.Map(IommufdRig.Buffer, PageBytes);
        Is(Errno.EINVAL, rig.Context.ChangeProcess(child));
        rig.Unmap(anonymous, PageBytes);

        FakeFile file = new(ram, 8 * PageBytes);
        DmaAddress iova = default;
        Ok(rig.Ioas.MapFile(file, 0, 8 * PageBytes, ref iova, ReadWrite));
        rig.Copy(rig.Ioas, iova.Value, 4 * PageBytes, rig.NewIoas());
        Assert.Equal(8UL, process.Pinned.Pages);
        Assert.Equal(mode == "mm" ? 8UL : 0, process.Locked.Pages);
        Assert.Equal(mode == "user" ? 8UL : 0, process.UserLocked.Pages);

        Ok(rig.Context.ChangeProcess(child));
        Assert.Same(child, rig.Context.Process);
        Assert.Equal(0UL, process.Pinned.Pages);
        Assert.Equal(0UL, process.Locked.Pages);
        Assert.Equal(8UL, child.Pinned.Pages);
        Assert.Equal(mode == "mm" ? 8UL : 0, child.Locked.Pages);
        Assert.Equal(mode == "user" ? 8UL : 0, child.UserLocked.Pages);

        // One that cannot pay gets nothing.
        if (mode == "mm")
        {
            FakeProcess poor = new(ram, "poor", lockLimit: 7);
            Is(Errno.ENOMEM, rig.Context.ChangeProcess(poor));
            Assert.Equal((0UL, 8UL), (poor.Locked.Pages, child.Locked.Pages));
        }

        rig.Unmap(iova.Value, 8 * PageBytes);
        Assert.Equal(0UL, child.Pinned.Pages);
        Assert.Equal(0UL, child.UserLocked.Pages);
        file.ReleaseReference();
        child.Exit();
    }

    [Theory]
    [InlineData(PinAccounting.User)]
    [InlineData(PinAccounting.Process)]
    public void R75a_PinnedPagesAreChargedExactly_AndNotBeyondTheLimit(PinAccounting accounting)
    {
        FakeProcess process = new(new(), userLocked: new(accounting == PinAccounting.User ? 10UL : ulong.MaxValue), lockLimit: accounting == PinAccounting.Process ? 10UL : ulong.MaxValue);
        MemoryLockAccount limited = accounting == PinAccounting.User ? process.UserLocked : process.Locked;
        using IommufdRig rig = new(1, 16 * PageBytes, new() { Accounting = accounting, BatchPages = 3 }, process);

        // Half a page at each end: nine pages for eight pages' worth of bytes.
        ulong iova = rig.Map(IommufdRig.Buffer + 2048, 8 * PageBytes);
        Assert.Equal((9UL, 9UL), (limited.Pages, process.Pinned.Pages));
        rig.Copy(rig.Ioas, iova, 8 * PageBytes, rig.Ioas);
        TestAccessUser user = rig.NewAccess(rig.NewIoas());
        Assert.Equal(9UL, limited.Pages);
        Is(Errno.ENOMEM, rig.TryMap(IommufdRig.Buffer, 2 * PageBytes));
        Assert.Equal((9UL, 9UL), (limited.Pages, process.Pinned.Pages));
        ulong one = rig.Map(IommufdRig.Buffer, PageBytes);
        Assert.Equal(10UL, limited.Pages);
        rig.Unmap(one, PageBytes);
        rig.Unmap(0, ulong.MaxValue);
        Assert.Equal((0UL, 0UL), (limited.Pages, process.Pinned.Pages));

        // Without a page table nothing is pinned until an access does.
        IoAddressSpace bare = user.Access!.AddressSpace!;
        ulong unpinned = rig.Map(IommufdRig.Buffer, 16 * PageBytes, bare);
        Assert.Equal(0UL, limited.Pages);
        Is(Errno.ENOMEM, user.Pin(unpinned, 11 * PageBytes, AccessFlags.Write, out _));
        Ok(user.Pin(unpinned, 10 * PageBytes, AccessFlags.Write, out _));
        Assert.Equal(10UL, limited.Pages);
        Ok(user.Unpin(unpinned, 10 * PageBytes));
    }

    [Fact]
    public void R75a_AProcessExemptFromLimitsIsNotCharged()
    {
        FakeProcess process = new(new(), userLocked: new(1)) { IsExemptFromLimits = true };
        using IommufdRig rig = new(1, process: process);
        rig.Map(IommufdRig.Buffer, 8 * PageBytes);
        Assert.Equal((0UL, 8UL), (process.UserLocked.Pages, process.Pinned.Pages));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_ioas_auto_destroy(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        Assert.Equal(rig.Devices.Count * 2 + 1, rig.Context.ObjectCount);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_ioas_destroy(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        if (rig.HasDomain)
        {
            // A page table follows it, which a device uses.
            Is(Errno.EBUSY, rig.Context.Destroy(rig.Ioas.Id));
            Is(Errno.EBUSY, rig.Context.Destroy(rig.Devices[0].AttachedTo()!.Id));
            Is(Errno.EBUSY, rig.Context.Destroy(rig.Devices[0].Id));
        }
        else
        {
            Ok(rig.Context.Destroy(rig.Ioas.Id));
            Is(Errno.ENOENT, rig.Context.Destroy(rig.Ioas.Id));
            Is(Errno.ENOENT, rig.Ioas.Destroy());
            Is(Errno.ENOENT, rig.TryMap(IommufdRig.Buffer, PageBytes));
            Is(Errno.ENOENT, rig.TryUnmap(0, ulong.MaxValue));

            // The lowest free id is given out again, to another object.
            IoAddressSpace next = rig.NewIoas();
            Assert.Equal(rig.Ioas.Id, next.Id);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_hwpt_attach(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        if (rig.HasDomain)
        {
            // A device attached to the table that another made by itself.
            IommufdDevice device = rig.Bind(new MockDevice("more"));
            Ok(device.Attach(rig.Devices[0].AttachedTo()!));
            Is(Errno.EBUSY, device.Attach(rig.Devices[0].AttachedTo()!));
            Is(Errno.EINVAL, device.Attach(rig.NewIoas()));
            device.Unbind();
            Assert.True(device.IsDestroyed);
            rig.Devices.Remove(device);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_ioas_area_destroy(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        rig.MapFixed(IommufdRig.Buffer, PageBytes, rig.Base);
        Is(rig.HasDomain ? Errno.EBUSY : Errno.None, rig.Ioas.Destroy());
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_ioas_area_auto_destroy(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        for (ulong i = 0; i < 10; i++)
        {
            rig.MapFixed(IommufdRig.Buffer + (i * 2 * PageBytes), PageBytes, rig.Base + (i * 3 * PageBytes));
        }

        Assert.Equal(10, rig.Ioas.AreaCount);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void R71_ioas_option_huge_pages(string variant)
    {
        using IommufdRig rig = IommufdRig.Of(variant);
        Ok(rig.Context.GetOption(IommufdOption.HugePages, rig.Ioas.Id, out ulong value));
        Assert.Equal(1UL, value);
        Ok(rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 0));
        Ok(rig.Context.GetOption(IommufdOption.HugePages, rig.Ioas.Id, out value));
        Assert.Equal(0UL, value);
        Ok(rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 1));
        Is(Errno.EINVAL, rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 2));

        rig.Map(IommufdRig.Buffer, PageBytes);
        Is(rig.HasDomain ? Errno.EINVAL : Errno.None, rig.Context.SetOption(IommufdOption.HugePages, rig.Ioas.Id, 0));
    }

    [Fact]
    public void R71_DevicesThatFitShareAnAutomaticTable_AndItGoesWithTheLast()
    {
        using IommufdRig rig = new();
        IommufdDevice first = rig.Attach(new MockDevice("a"), rig.Ioas);
        IommufdDevice second = rig.Attach(new MockDevice("b"), rig.Ioas);
        IommufdDevice picky = rig.Attach(new MockDevice("c") { IsPicky = true }, rig.Ioas);
        PagingHardwarePageTable table = Assert.IsType<PagingHardwarePageTable>(first.AttachedTo());
        Assert.Same(table, second.AttachedTo());
        Assert.NotSame(table, picky.AttachedTo());
        Is(Errno.EBUSY, first.Attach(rig.Ioas));
        first.Detach();
        Assert.False(table.IsDestroyed);
        second.Detach();
        Assert.True(table.IsDestroyed);
        Assert.Null(second.AttachedTo());
        Is(Errno.EINVAL, second.Replace(rig.Ioas));
    }

    [Fact]
    public void R71_ADeviceThatCouldNotAttachReservesNothing()
    {
        using IommufdRig rig = new(1);
        IommufdDevice picky = rig.Bind(new MockDevice("picky") { IsPicky = true, ReservedRanges = [new(new(MockDomain.Start), PageBytes)] });
        Is(Errno.EINVAL, picky.Attach(rig.Devices[0].AttachedTo()!));
        rig.MapFixed(IommufdRig.Buffer, PageBytes, MockDomain.Start);
    }

    [Fact]
    public void R71_BindingTwiceFails_AndAnotherContextsObjectsAreNotTaken()
    {
        using IommufdRig rig = new(1);
        Is(Errno.EBUSY, rig.Context.Bind(rig.Devices[0].Hardware, out _));
        using IommufdContext other = new(rig.Process);
        Ok(other.CreateAddressSpace(out IoAddressSpace? foreign));
        Is(Errno.EINVAL, rig.Devices[0].Replace(foreign!));
        DmaAddress iova = default;
        Is(Errno.ENOENT, rig.Ioas.Copy(foreign!, new(0), 1, ref iova, ReadWrite));
        Is(Errno.EINVAL, rig.Context.CreatePageTable(rig.Devices[0], foreign!, IommuDomainRequest.Paging(), out _));
    }
}
