// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Config;
using Physr.Pci.Spec;

namespace Physr.Pci.Tests;

/// <summary>Configuration space as a host meets it: header, BAR sizing, capabilities, write masks.</summary>
public sealed class ConfigSpaceTests
{
    [Theory]
    [InlineData(BarKind.Io, 0x20ul, false)]
    [InlineData(BarKind.Memory32, 0x1000ul, false)]
    [InlineData(BarKind.Memory32, 0x8000_0000ul, true)]
    [InlineData(BarKind.Memory64, 0x4000ul, true)]
    [InlineData(BarKind.Memory64, 0x20_0000_0000ul, true)]
    public void R43_ABarIsSizedByWritingAllOnes_AndKeepsWhatWasThere(BarKind kind, ulong size, bool prefetchable)
    {
        EmulatedConfigSpace config = new ConfigSpaceBuilder(PciHeaderType.Endpoint, 0x1b36, 0x0010, 0x010802).Bar(2, kind, size, prefetchable).Build();
        ulong address = size * (kind == BarKind.Memory64 ? 3u : 1u);
        config.WriteDword(0x18, (uint)address);
        config.WriteDword(0x1c, (uint)(address >> 32));
        Assert.True(BaseAddress.TryProbe(config, 2, out BaseAddress bar));
        Assert.Equal(new BaseAddress(2, kind, prefetchable, address, size), bar);
        Assert.True(BaseAddress.TryDecode(config, 2, out BaseAddress after));
        Assert.Equal(bar with { Size = 0 }, after);
        Assert.False(BaseAddress.TryProbe(config, 0, out _));
    }

    [Fact]
    public void CapabilitiesAreFoundWhereTheBuilderPutThem()
    {
        EmulatedConfigSpace config = new ConfigSpaceBuilder(PciHeaderType.Endpoint, 0x1b36, 0x0010, 0x010802)
            .PowerManagement().MsiX(65, 0, 0x2000, 0, 0x3000).Express(PciePortType.Endpoint, 4, 8).Acs(AcsControl.Redirects, AcsControl.EgressControl).Build();
        Assert.Equal(4096, config.Length);
        Assert.Equal(CapabilityLookup.Found, config.FindStandard(CapabilityId.MsiX, out int msix));
        Assert.Equal(64, config.ReadWord(msix + MsiXCapability.Control) & 0x7ff);
        Assert.Equal(CapabilityLookup.Found, config.FindPortType(out PciePortType type));
        Assert.Equal(PciePortType.Endpoint, type);
        Assert.Equal(CapabilityLookup.Found, config.FindStandard(CapabilityId.PciExpress, out int express));
        Assert.Equal(0x84, config.ReadWord(express + PcieCapability.LinkStatus));
        Assert.Equal(CapabilityLookup.Found, config.FindAcs(out int acs, out AcsControl control));
        Assert.Equal(0x100, acs);
        Assert.Equal(AcsControl.EgressControl, control);
        Assert.Equal(CapabilityLookup.Absent, config.FindStandard(CapabilityId.Msi, out _));
    }

    [Fact]
    public void AHostWritesWhatIsWritableOnly()
    {
        EmulatedConfigSpace config = new ConfigSpaceBuilder(PciHeaderType.Bridge, 0x104c, 0x8233, 0x060400)
            .Express(PciePortType.DownstreamPort, 3, 4, slot: 7).Acs(AcsControl.RequestRedirect | AcsControl.EgressControl).Build();
        (int Offset, int Length) seen = default;
        config.Written += (offset, length) => seen = (offset, length);
        config.WriteDword(ConfigRegister.VendorId, 0);
        Assert.Equal(0x104c, config.ReadWord(ConfigRegister.VendorId));
        config.WriteWord(ConfigRegister.Command, 0xffff);
        Assert.Equal(PciCommand.IoSpace | PciCommand.MemorySpace | PciCommand.BusMaster, config.Command & (PciCommand)0x7);
        config.WriteDword(ConfigRegister.PrimaryBus, 0xff05_0302);
        Assert.Equal(3, config.ReadByte(ConfigRegister.SecondaryBus));
        Assert.Equal(0, config.ReadByte(ConfigRegister.SubordinateBus + 1));
        config.WriteDword(ConfigRegister.MemoryBase, 0x9fff_9001);
        Assert.Equal(0x9ff0_9000u, config.ReadDword(ConfigRegister.MemoryBase));
        config.FindAcs(out int acs, out _);
        config.WriteWord(acs + AcsCapability.Control, 0xffff);
        Assert.Equal((acs + AcsCapability.Control, 2), seen);
        config.FindAcs(out _, out AcsControl control);
        Assert.Equal(AcsControl.RequestRedirect | AcsControl.EgressControl, control);
    }

    [Fact]
    public void StatusErrorsAreClearedByWritingOnes()
    {
        EmulatedConfigSpace config = new ConfigSpaceBuilder(PciHeaderType.Endpoint, 1, 2, 0x010802).Build();
        config.SetByDevice(ConfigRegister.Status, (ushort)(PciStatus.ReceivedMasterAbort | PciStatus.ReceivedTargetAbort));
        config.WriteWord(ConfigRegister.Status, (ushort)PciStatus.ReceivedMasterAbort);
        Assert.Equal((ushort)PciStatus.ReceivedTargetAbort, config.ReadWord(ConfigRegister.Status));
    }

    [Fact]
    public void ReadsAndWritesPastTheEndAreAsOnTheBus()
    {
        EmulatedConfigSpace config = new ConfigSpaceBuilder(PciHeaderType.Endpoint, 1, 2, 0x010802).Build();
        Assert.Equal(256, config.Length);
        Assert.Equal(uint.MaxValue, config.ReadDword(254));
        Assert.Equal(byte.MaxValue, config.ReadByte(-1));
        config.WriteDword(254, 0);
        config.WriteDword(4096, 0);
    }

    [Fact]
    public void ABarThatIsNoPowerOfTwoIsRefused()
    {
        var builder = new ConfigSpaceBuilder(PciHeaderType.Endpoint, 1, 2, 0x010802);
        Assert.Throws<ArgumentException>(() => builder.Bar(0, BarKind.Memory32, 0x3000));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.Bar(5, BarKind.Memory64, 0x4000));
        Assert.Throws<InvalidOperationException>(() => builder.Acs(AcsControl.None));
    }

    [Theory]
    [InlineData("0000:01:02.3", true, "0000:01:02.3")]
    [InlineData("01:1f.7", true, "0000:01:1f.7")]
    [InlineData("10000:E1:00.0", true, "10000:e1:00.0")]
    [InlineData("0000:01:20.0", false, "")]
    [InlineData("0000:01:00.8", false, "")]
    [InlineData("000:01:00.0", false, "")]
    [InlineData("0000:1:00.0", false, "")]
    [InlineData("0000:01:00", false, "")]
    [InlineData("0000:01:00.0\n", false, "")]
    [InlineData("", false, "")]
    [InlineData(":.", false, "")]
    public void AddressesAreReadAndWrittenAsTheKernelWritesThem(string text, bool good, string written)
    {
        Assert.Equal(good, PciAddress.TryParse(text, out PciAddress address));
        Assert.Equal(good ? written : "0000:00:00.0", $"{address}");
    }
}
