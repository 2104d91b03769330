// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Routing;
using Physr.Pci.Sources;
using Physr.Pci.Tests.Infrastructure;
using Physr.Pci.Topology;

namespace Physr.Pci.Tests;

/// <summary>The texts of sysfs and configfs (rows R55 and R57).</summary>
public sealed class P2PEnableTests
{
    [Theory]
    [InlineData("0", "0\n")]
    [InlineData("1\n", "1\n")]
    [InlineData("yes", "1\n")]
    [InlineData("No\n", "0\n")]
    [InlineData("on", "1\n")]
    [InlineData("OFF", "0\n")]
    [InlineData("0000:03:00.0\n", "0000:03:00.0\n")]
    [InlineData("0000:04:00.0", null)]
    [InlineData("0000:01:00.1", null)]
    [InlineData("1x", null)]
    [InlineData("03:00.0", null)]
    [InlineData("garbage", null)]
    [InlineData("o", null)]
    [InlineData("", null)]
    public void R57a_ZeroOneAWordOrAnAddress(string text, string? shown)
    {
        PciTopology topology = new SyntheticHost().Switch(null, null).Build();
        Errno errno = P2PEnable.Parse(text, topology, static f => f.Address.Bus == 3, out P2PEnable? value);
        Assert.Equal(shown is null ? Errno.ENODEV : Errno.None, errno);
        Assert.Equal(shown, value?.ToString());
    }

    [Fact]
    public void R55a_TheFilesHoldOneNumberEach()
    {
        var files = new P2PMemoryFiles(16777216, 4096, IsPublished: true);
        Assert.True(files.TryFormat("size", out string size));
        Assert.True(files.TryFormat("available", out string available));
        Assert.True(files.TryFormat("published", out string published));
        Assert.False(files.TryFormat("allocate", out _));
        Assert.Equal("16777216\n4096\n1\n", size + available + published);
    }
}
