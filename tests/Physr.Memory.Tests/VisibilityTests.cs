// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory.Tests;

public sealed class VisibilityTests
{
    private static readonly PhysicalRange s_bar = new(new(0x20_0000_0000), 4 << 20);

    private readonly MemoryMap _map = new();

    public VisibilityTests()
    {
        Assert.Equal(Errno.None, _map.AddRam(new(new(0), 1UL << 30), out _));
    }

    [Fact]
    public void R87a_APageLessRangeMayNotBecomeVisibleThroughAnMmu_AndTheErrorSaysWhatToDo()
    {
        Assert.Equal(Errno.None, _map.RegisterProvider("nvme1", null, 4, s_bar, new(s_bar.Start.Value), out _));
        Assert.Equal(Errno.EOPNOTSUPP, _map.CheckMmuMapping(s_bar, out string reason));
        Assert.Contains("register a pagemap", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void R87a_WithDescriptorsTheSameRangeMay()
    {
        Pagemap pagemap = new() { Type = MemoryType.PciP2P, FolioFree = static _ => { } };
        pagemap.Ranges.Add(s_bar);
        Assert.Equal(Errno.None, _map.Register(pagemap));
        Assert.Equal(Errno.None, _map.CheckMmuMapping(s_bar, out string reason));
        Assert.Equal("", reason);
        Assert.Equal(Errno.EOPNOTSUPP, _map.CheckMmuMapping(new(s_bar.Start, s_bar.Length + 0x1000), out _));
        _map.Unregister(pagemap);
        Assert.Equal(Errno.EOPNOTSUPP, _map.CheckMmuMapping(s_bar, out _));
    }

    [Fact]
    public void R87a_RamMay_AndMemoryTheCpuCannotAddressMayNot()
    {
        Assert.Equal(Errno.None, _map.CheckMmuMapping(new(new(0x1234), 1 << 20), out _));
        Pagemap pagemap = new() { Type = MemoryType.DevicePrivate, Owner = this, FolioFree = static _ => { }, MigrateToRam = static (in DevicePageFault _) => default };
        pagemap.Ranges.Add(s_bar);
        Assert.Equal(Errno.None, _map.Register(pagemap));
        Assert.Equal(Errno.ENXIO, _map.CheckMmuMapping(s_bar, out string reason));
        Assert.Contains("cannot address", reason, StringComparison.Ordinal);
        _map.Unregister(pagemap);
        Assert.Equal(Errno.EINVAL, _map.CheckMmuMapping(new(s_bar.Start, 0), out _));
    }
}
