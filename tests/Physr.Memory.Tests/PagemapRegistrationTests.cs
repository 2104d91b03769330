// Copyright (c) The Physr authors. Licensed under the MIT license.

using static Physr.Memory.Tests.TestMemory;

namespace Physr.Memory.Tests;

public sealed class PagemapRegistrationTests
{
    [Fact]
    public void R2a_OneCallRegisters()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.PciP2P, Range(GiB, 64 * MiB));
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.True(pagemap.IsRegistered && pagemap.IsLive);
        Assert.Equal(1, pagemap.MappedRangeCount);
        Assert.Equal(16384, map.DescriptorCount);
        Assert.Equal((long)MiB, map.DescriptorBytes);
        Assert.Equal(Errno.EBUSY, map.Register(pagemap));
        map.Unregister(pagemap);
        AssertNothingLeft(map);
    }

    [Fact]
    public void R2b_AFailureLeavesTheCallersObjectReusable()
    {
        MemoryMap map = new();
        map.AddRam(Range(0, GiB), out _);
        Pagemap pagemap = Filled(MemoryType.Generic, Range(2 * GiB, 2 * MiB), Range(GiB / 2, 2 * MiB));
        Assert.Equal(Errno.ENXIO, map.Register(pagemap, out string reason));
        Assert.StartsWith("range 1 [mem 0x20000000-0x201fffff]", reason, StringComparison.Ordinal);
        Assert.Equal(0, pagemap.MappedRangeCount);
        Assert.Equal(2, pagemap.Ranges.Count);
        Assert.False(pagemap.IsRegistered);
        AssertNothingLeft(map);

        pagemap.Ranges[1] = Range(3 * GiB, 2 * MiB);
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(2, pagemap.MappedRangeCount);
        map.Unregister(pagemap);
        AssertNothingLeft(map);
    }

    [Theory]
    [InlineData("MigrateToRam")]
    [InlineData("FolioFree")]
    [InlineData("Owner")]
    public void R3a_PrivateMemoryNeedsBothCallbacksAndAnOwner(string missing)
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.DevicePrivate, Range(GiB, 2 * MiB));
        Clear(pagemap, missing);
        Assert.Equal(Errno.EINVAL, map.Register(pagemap));
        AssertNothingLeft(map);
    }

    [Theory]
    [InlineData("FolioFree")]
    [InlineData("Owner")]
    public void R4a_CoherentMemoryNeedsAFreeCallbackAndAnOwner(string missing)
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.DeviceCoherent, Range(GiB, 2 * MiB));
        Clear(pagemap, missing);
        Assert.Equal(Errno.EINVAL, map.Register(pagemap));
    }

    [Fact]
    public void R4b_CoherentMemoryNeedsNoFaultCallback_AndTheOthersNothing()
    {
        MemoryMap map = new();
        Pagemap coherent = Filled(MemoryType.DeviceCoherent, Range(GiB, 2 * MiB));
        coherent.MigrateToRam = null;
        Assert.Equal(Errno.None, map.Register(coherent));
        map.Unregister(coherent);
        foreach (MemoryType type in new[] { MemoryType.FsDax, MemoryType.Generic, MemoryType.PciP2P })
        {
            Pagemap bare = new() { Type = type };
            bare.Ranges.Add(Range(GiB, 2 * MiB));
            Assert.Equal(Errno.None, map.Register(bare));
            map.Unregister(bare);
        }
    }

    [Fact]
    public void R5a_NoRangeIsEinval_EvenBeforeOtherFaults()
    {
        MemoryMap map = new();
        Assert.Equal(Errno.EINVAL, map.Register(new Pagemap(), out string reason));
        Assert.Equal("no range given", reason);
        Assert.Equal(Errno.EINVAL, map.Register(Filled(MemoryType.Generic, Range(GiB, 0))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void R5b_TheFailingRangeUnwindsTheOnesBeforeIt(int failing)
    {
        MemoryMap map = new();
        map.AddRam(Range(0, GiB), out _);
        Pagemap pagemap = Filled(MemoryType.Generic);
        for (int i = 0; i < 4; i++)
        {
            pagemap.Ranges.Add(i == failing ? Range(0, 2 * MiB) : Range(((ulong)i + 1) * GiB, 2 * MiB));
        }

        Assert.Equal(Errno.ENXIO, map.Register(pagemap));
        AssertNothingLeft(map);
        Assert.False(map.TryGetPagemap(new PhysicalAddress(GiB).Frame, out _));
        Assert.Equal(0, pagemap.MappedRangeCount);
    }

    [Fact]
    public void R5c_FramesAreValidOverAllRanges_AndNowhereElse()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.Generic, Range(4 * GiB, 2 * MiB), Range(2 * GiB, 4 * MiB));
        foreach (PhysicalRange range in pagemap.Ranges)
        {
            Assert.True(pagemap.IsValidFrame(range.Start.Frame));
            Assert.True(pagemap.IsValidFrame(range.Last.Frame));
            Assert.False(pagemap.IsValidFrame(range.End.Frame));
            Assert.False(pagemap.IsValidFrame(new(range.Start.Frame.Value - 1)));
        }

        map.Unregister(pagemap);
        Assert.False(pagemap.IsValidFrame(new PhysicalAddress(4 * GiB).Frame));
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, 4)]
    [InlineData(2, 8)]
    [InlineData(4, 2)]
    public void R6a_AnotherPagemapIsEnomem(ulong startMiB, ulong lengthMiB)
    {
        MemoryMap map = new();
        map.Registered(MemoryType.Generic, Range(GiB + (2 * MiB), 4 * MiB));
        Assert.Equal(Errno.ENOMEM, map.Register(Filled(MemoryType.Generic, Range(GiB + (startMiB * MiB), lengthMiB * MiB)), out string reason));
        Assert.Contains("there already", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENOMEM, map.Register(Filled(MemoryType.Generic, Range(2 * GiB, 4 * MiB), Range((2 * GiB) + (2 * MiB), 4 * MiB))));
        Assert.Equal(1024, map.DescriptorCount);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(1022, 4)]
    public void R6b_SystemRamIsEnxio_AloneOrMixed(ulong startMiB, ulong lengthMiB)
    {
        MemoryMap map = new();
        map.AddRam(Range(0, GiB), out _);
        map.Resources.Inserted("window", Range(GiB, GiB));
        Assert.Equal(Errno.ENXIO, map.Register(Filled(MemoryType.Generic, Range(startMiB * MiB, lengthMiB * MiB))));
    }

    [Fact]
    public void TheOrderOfChecks_PagemapThenRamThenLimitThenAlignment()
    {
        MemoryMap map = new(new() { PhysicalAddressBits = 40 });
        map.AddRam(Range(0, GiB), out _);
        map.Registered(MemoryType.Generic, Range(2 * GiB, 2 * MiB));

        // Each range has every later fault too.
        Assert.Equal(Errno.ENOMEM, map.Register(Filled(MemoryType.Generic, PhysicalRange.FromBounds(new(4097), new(3 * GiB)))));
        Assert.Equal(Errno.ENXIO, map.Register(Filled(MemoryType.Generic, Range(4097, MiB))));
        Assert.Equal(Errno.EINVAL, map.Register(Filled(MemoryType.Generic, Range((1UL << 40) + 1, MiB)), out string limit));
        Assert.Contains("ends above", limit, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, map.Register(Filled(MemoryType.Generic, Range((3 * GiB) + MiB, 2 * MiB)), out string alignment));
        Assert.Contains("2 MiB", alignment, StringComparison.Ordinal);
        Assert.Equal(Errno.EINVAL, map.Register(Filled(MemoryType.Generic, Range(3 * GiB, MiB))));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(19)]
    public void R9c_AMetadataOrderAboveTheLargestPageIsEinval(int order)
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.Generic, Range(GiB, GiB));
        pagemap.MetadataOrder = order;
        Assert.Equal(Errno.EINVAL, map.Register(pagemap));
        pagemap.MetadataOrder = 18;
        Assert.Equal(Errno.None, map.Register(pagemap));
        map.Unregister(pagemap);
    }

    [Theory]
    [InlineData(MemoryType.Generic, 1 + 512)]
    [InlineData(MemoryType.FsDax, 1 + 512)]
    [InlineData(MemoryType.PciP2P, 1 + 512)]
    [InlineData(MemoryType.DevicePrivate, 1)]
    [InlineData(MemoryType.DeviceCoherent, 1)]
    public void CreationHoldsOneReferencePerPage_ExceptWhereAllocationsDo(MemoryType type, long expected)
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(type, Range(GiB, 2 * MiB));
        Assert.Equal(expected, pagemap.ReferenceCount);
        Assert.Equal(0, pagemap.UserCount);
        map.Unregister(pagemap);
    }

    [Fact]
    public void CreationHoldsOneReferencePerCompoundPage()
    {
        MemoryMap map = new();
        Pagemap pagemap = Filled(MemoryType.Generic, Range(GiB, 8 * MiB));
        pagemap.MetadataOrder = 9;
        Assert.Equal(Errno.None, map.Register(pagemap));
        Assert.Equal(1 + 4, pagemap.ReferenceCount);
        map.Unregister(pagemap);
    }

    [Fact]
    public void APagemapOfAnotherMapIsRefusedLoudly()
    {
        MemoryMap map = new();
        Pagemap pagemap = map.Registered(MemoryType.Generic, Range(GiB, 2 * MiB));
        Assert.Throws<PhysrException>(() => new MemoryMap().TryUnregister(pagemap));
        map.Unregister(pagemap);
    }

    private static void Clear(Pagemap pagemap, string member)
    {
        _ = member switch
        {
            "MigrateToRam" => pagemap.MigrateToRam = null,
            "FolioFree" => (object?)(pagemap.FolioFree = null),
            _ => pagemap.Owner = null,
        };
    }
}
