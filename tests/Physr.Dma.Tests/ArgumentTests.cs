// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;
using Physr.Memory;

namespace Physr.Dma.Tests;

/// <summary>What no caller can mean is refused, with the reason that applies.</summary>
public sealed class ArgumentTests
{
    private readonly DmaMapper _mapper = new(new MemoryMap(), NoPeers.Instance);
    private readonly DmaDevice _device = new("nvme0");

    [Theory]
    [InlineData(0UL, DmaDirection.ToDevice, DmaAttributes.None, "an empty list")]
    [InlineData(0x1000UL, (DmaDirection)3, DmaAttributes.None, "3 is no direction")]
    [InlineData(0x1000UL, DmaDirection.ToDevice, (DmaAttributes)(1 << 20), "0x100000 is no attribute")]
    public void R66_AListIsRefusedForTheReasonThatApplies(ulong length, DmaDirection direction, DmaAttributes attributes, string why)
    {
        RangeList list = length == 0 ? RangeList.Empty : RangeList.Of(new(new(0x1000), length));
        Assert.False(_mapper.TryMap(_device, list, direction, attributes, out DmaMapping? mapping, out DmaMapError? error));
        Assert.Null(mapping);
        Assert.Equal(Errno.EINVAL, error!.Errno);
        Assert.Contains(why, error.Detail, StringComparison.Ordinal);
        Assert.Equal(0, _mapper.ActiveMappings);
    }

    [Theory]
    [InlineData(0UL, DmaDirection.ToDevice, DmaAttributes.None, "no byte")]
    [InlineData(1UL << 62, DmaDirection.ToDevice, DmaAttributes.None, "longer than")]
    [InlineData(0x1000UL, (DmaDirection)(-1), DmaAttributes.None, "direction")]
    [InlineData(0x1000UL, DmaDirection.ToDevice, (DmaAttributes)1, "0x1 is no attribute")]
    public void R66_ARangeIsRefusedForTheReasonThatApplies(ulong length, DmaDirection direction, DmaAttributes attributes, string why)
    {
        DmaMapError? error = _mapper.TryMapPhys(_device, new(new(0x1000), length), direction, attributes, out DmaAddress address);
        Assert.Equal(Errno.EINVAL, error!.Errno);
        Assert.Contains(why, error.Detail, StringComparison.Ordinal);
        Assert.True(_mapper.IsMappingError(_device, address));
        Assert.Equal(0, _mapper.ActiveMappings);
    }

    [Fact]
    public void ADeviceThatReachesNoAddressIsNone() => Assert.Throws<ArgumentOutOfRangeException>(static () => new DmaDevice("nothing", mask: 0));

    [Fact]
    public void ADomainThatIsGoneIsAttachedToNobody()
    {
        IommuUnit unit = new("iommu0");
        IommuDomain domain = new(IoPageTableFormat.AmdV1);
        domain.Dispose();
        Assert.Equal(Errno.EINVAL, unit.Attach(new(8), Pasid.None, domain));
        Assert.Equal(Errno.EINVAL, unit.Replace(new(8), Pasid.None, domain));
        Assert.Equal(0, unit.Attachments);
    }

    [Fact]
    public void WithoutRoutesAPeerIsNeverReached()
    {
        MemoryMap map = new();
        P2PProviderSet peer = new(map, "peer");
        Assert.Equal(Errno.None, peer.Initialize(new BarAperture(0, new(new(0x20_0000_0000), 0x10000), new(0x20_0000_0000), true)));
        RangeList list = RangeList.Of(peer.Provider(0)!.Range, peer.Provider(0)!.Index);
        Assert.False(new DmaMapper(map, NoPeers.Instance).TryMap(_device, list, DmaDirection.ToDevice, out _, out DmaMapError? error));
        Assert.Equal(Errno.EREMOTEIO, error!.Errno);
        Assert.Contains("knows of no routes", error.Detail, StringComparison.Ordinal);
    }
}
