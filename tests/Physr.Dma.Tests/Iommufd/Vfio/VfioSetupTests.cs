// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Vfio;
using Physr.Dma.Tests.Iommufd.Hardware;
using Physr.Dma.Tests.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Vfio;

/// <summary>A VFIO device and an iommufd context find each other (vfio_iommufd_setup_test).</summary>
public sealed class VfioSetupTests
{
    private static readonly VfioDeviceInfo s_info = new(3, 9, 5);

    [Fact]
    public void R71_vfio_iommufd_setup_bind()
    {
        using UapiRig rig = new();
        using VfioDeviceFile file = new(new MockIommuDevice(), s_info);
        Assert.Equal(Errno.EINVAL, file.Bind(1, rig.Context, out _));
        Assert.Equal(Errno.None, file.Bind(0, rig.Context, out uint id));
        Assert.Equal(id, rig.Object<IommufdDevice>(id).Id);
        Assert.Equal(Errno.None, file.GetInfo(out VfioDeviceInfo info));
        Assert.Equal(s_info, info);
    }

    [Fact]
    public void R71_get_info_without_bind_fails()
    {
        using VfioDeviceFile file = new(new MockIommuDevice(), s_info);
        Assert.Equal(Errno.EINVAL, file.GetInfo(out VfioDeviceInfo info));
        Assert.Equal(default, info);
        uint pt = 1;
        Assert.Equal(Errno.EINVAL, file.Attach(ref pt));
        Assert.Equal(Errno.EINVAL, file.Detach());
    }

    [Fact]
    public void R71_bind_bad_iommufd_fails()
    {
        using VfioDeviceFile file = new(new MockIommuDevice(), s_info);
        Assert.Equal(Errno.EBADF, file.Bind(0, null, out _));
        UapiRig closed = new();
        closed.Dispose();
        Assert.Equal(Errno.ENODEV, file.Bind(0, closed.Context, out _));
        Assert.Equal(Errno.EINVAL, file.GetInfo(out _));
    }

    [Fact]
    public void R71_repeated_bind_fails()
    {
        using UapiRig rig = new();
        MockIommuDevice mock = new();
        using VfioDeviceFile file = new(mock, s_info);
        Assert.Equal(Errno.None, file.Bind(0, rig.Context, out _));
        Assert.Equal(Errno.EINVAL, file.Bind(0, rig.Context, out _));
        using VfioDeviceFile other = new(mock, s_info);
        Assert.Equal(Errno.EBUSY, other.Bind(0, rig.Context, out _));
    }

    [Fact]
    public void R71_attach_detatch_pt()
    {
        using UapiRig rig = new();
        MockIommuDevice mock = new();
        VfioDeviceFile file = new(mock, s_info);
        Assert.Equal(Errno.None, file.Bind(0, rig.Context, out uint device));
        uint ioas = rig.IoasAlloc();
        uint pt = ioas;
        Assert.Equal(Errno.None, file.Attach(ref pt));
        Assert.NotEqual(ioas, pt);
        Assert.Same(rig.Object<HardwarePageTable>(pt).Domain, mock.Attached[0]);
        Assert.Equal(Errno.None, rig.HwptAlloc(device, ioas, IommuDomainFlags.None, out uint table));
        uint other = table;
        Assert.Equal(Errno.None, file.Attach(ref other));
        Assert.Equal(table, other);
        Assert.Equal(Errno.None, file.Detach());
        Assert.Empty(mock.Attached);
        Assert.Equal(Errno.None, file.Detach());
        file.Dispose();
        Assert.Equal(Errno.ENOENT, rig.Destroy(device));
        Assert.Equal(Errno.EINVAL, file.Bind(0, rig.Context, out _));
        Assert.Equal(Errno.None, rig.Destroy(table));
    }

    [Fact]
    public void R71_attach_invalid_pt_fails()
    {
        using UapiRig rig = new();
        MockIommuDevice mock = new();
        using VfioDeviceFile file = new(mock, s_info);
        Assert.Equal(Errno.None, file.Bind(0, rig.Context, out uint device));
        uint pt = uint.MaxValue;
        Assert.Equal(Errno.ENOENT, file.Attach(ref pt));
        pt = device;
        Assert.Equal(Errno.EINVAL, file.Attach(ref pt));
        Assert.Equal(device, pt);
        Assert.Empty(mock.Attached);
    }
}
