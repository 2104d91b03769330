// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Reflection;

namespace Physr.Storage.Tests.Dax;

/// <summary>What a frame number is of is told by types and providers, not by flag bits in a number (row R84).</summary>
public sealed class FrameKindTests
{
    [Fact]
    public void R84a_WhoseMemoryAFrameIs_IsItsProvider_NotABitOfItsNumber()
    {
        using MemoryMedia medium = new("pmem0", 1 << 20);
        MediaDaxDevice device = new(medium, new(8UL << 30), new ProviderIndex(7));
        using RangeListBuilder list = RangeListBuilder.Rent();
        Assert.Equal(Errno.None, device.TryDirectAccess(4096, 4096, DirectAccess.Read, list, out _));
        list.Append(new PhysicalRange(new(1UL << 30), 4096));
        list.Append(new AddressRange<DevicePrivateOffset>(new(0), 4096));
        List<ProvidedRange> entries = [];
        foreach (ProvidedRange entry in list.Build())
        {
            entries.Add(entry);
        }

        Assert.Equal([(false, false), (true, false), (false, true)], entries.Select(static entry => (entry.Provider.IsRam, entry.Provider.IsDevicePrivate)));
        Assert.Equal((8UL << 30) + 4096, entries[0].Range.Start.Frame.Address.Value);
    }

    [Theory]
    [InlineData(typeof(PageFrameNumber))]
    [InlineData(typeof(PhysicalAddress))]
    [InlineData(typeof(DmaAddress))]
    [InlineData(typeof(DevicePrivateOffset))]
    public void R84b_NoNumberBecomesAFrameByItself_AndNoFrameADevicesOffset(Type type) =>
        Assert.DoesNotContain(type.GetMethods(BindingFlags.Static | BindingFlags.Public), static method => method.Name is "op_Implicit" or "op_Explicit");
}
