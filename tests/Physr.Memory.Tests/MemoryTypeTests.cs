// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class MemoryTypeTests
{
    [Fact]
    public void R1a_FiveTypes_AndZeroIsNone()
    {
        Assert.Equal([0, 1, 2, 3, 4, 5], Enum.GetValues<MemoryType>().Select(type => (int)type));
        Assert.False(MemoryType.Unset.IsValid());
        Assert.False(((MemoryType)6).IsValid());
        Assert.Equal(5, Enum.GetValues<MemoryType>().Count(type => type.IsValid()));
    }

    [Theory]
    [InlineData(MemoryType.Unset)]
    [InlineData((MemoryType)6)]
    [InlineData((MemoryType)(-1))]
    public void R1b_AnUnsetTypeIsRejected(MemoryType type)
    {
        MemoryMap map = new();
        Assert.Equal(Errno.EINVAL, map.Register(Filled(type, Range(GiB, 2 * MiB)), out string reason));
        Assert.Contains("none of the five", reason, StringComparison.Ordinal);
        AssertNothingLeft(map);
    }

    [Theory]
    [InlineData(MemoryType.DevicePrivate, false, false, false)]
    [InlineData(MemoryType.DeviceCoherent, true, true, false)]
    [InlineData(MemoryType.FsDax, true, true, false)]
    [InlineData(MemoryType.Generic, true, true, true)]
    [InlineData(MemoryType.PciP2P, true, false, false)]
    public void R1c_EachTypeSaysHowItRelatesToTheCpu(MemoryType type, bool addressable, bool coherent, bool longTerm)
    {
        MemoryTypeAttributes attributes = type.Attributes();
        Assert.Equal((addressable, coherent, longTerm), (attributes.IsCpuAddressable, attributes.IsCoherent, attributes.AllowsLongTermPin));
    }

    [Fact]
    public void R10a_OnlyPrivateMemoryHasNoLinearMap() =>
        Assert.Equal([MemoryType.DevicePrivate], Enum.GetValues<MemoryType>().Where(type => type.IsValid() && !type.Attributes().HasLinearMap));

    [Fact]
    public void R10b_P2PIsUncached_FsDaxDecrypted_OthersNormal()
    {
        Assert.Equal(PageProtection.Uncached, MemoryType.PciP2P.Attributes().Caching);
        Assert.Equal(PageProtection.Decrypted, MemoryType.FsDax.Attributes().Caching);
        Assert.Equal(PageProtection.Normal, MemoryType.Generic.Attributes().Caching);
        Assert.Equal(PageProtection.Normal, MemoryType.DeviceCoherent.Attributes().Caching);
        Assert.Equal(PageProtection.Normal, MemoryType.DevicePrivate.Attributes().Caching);
    }
}
