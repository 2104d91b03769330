// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>The known figures, section 3 numbers 1 to 5.</summary>
public sealed class PfnLayoutTests
{
    [Fact]
    public void S3_1_FileSystemsPay16GiBOfRamPerTiB_AndLoseTheFirst2MiB()
    {
        PfnLayout layout = Of(NamespaceMode.FsDax, TiB, 2 * MiB, MapLocation.Ram);
        Assert.Equal(16 * GiB, layout.DescriptorBytes);
        Assert.Equal(2 * MiB, layout.DataOffset);
        Assert.Equal(TiB - (2 * MiB), layout.UsableBytes);
        Assert.Equal(2 * MiB, layout.WasteBytes);
        Assert.Equal(layout with { Align = 4 * KiB }, Of(NamespaceMode.FsDax, TiB, 4 * KiB, MapLocation.Ram));
    }

    [Theory]
    [InlineData(2 * MiB, 4 * GiB)]
    [InlineData(GiB, 8 * MiB)]
    [InlineData(4 * KiB, 16 * GiB)]
    public void S3_2_S3_3_DevdaxByLargeUnitsSharesDescriptors(ulong align, ulong expected)
    {
        PfnLayout layout = Of(NamespaceMode.DevDax, TiB, align, MapLocation.Ram);
        Assert.Equal(expected, layout.DescriptorBytes);
        Assert.Equal(Math.Max(align, 2 * MiB), layout.DataOffset);
        Assert.Equal(TiB - layout.DataOffset, layout.UsableBytes);
    }

    [Fact]
    public void S3_5_R8b_1500GiBInMapDevLeave1476_56GiB()
    {
        PfnLayout layout = Of(NamespaceMode.FsDax, 1500 * GiB, 2 * MiB, MapLocation.Device);
        Assert.Equal(24000 * MiB, layout.DescriptorBytes);
        Assert.Equal(24002 * MiB, layout.DataOffset);
        Assert.Equal((1500 * GiB) - (24002 * MiB), layout.UsableBytes);
        Assert.Equal(1476.56, Math.Round((double)layout.UsableBytes / GiB, 2));
        Assert.Equal(0.015625, (double)layout.DescriptorBytes / (1500 * GiB));
        Assert.Equal(2 * MiB, layout.WasteBytes);
    }

    [Theory]
    [InlineData(GiB)]
    [InlineData(2 * MiB)]
    public void R9b_WithAnAltmapNothingIsShared(ulong align) => Assert.Equal(16 * GiB, Of(NamespaceMode.DevDax, TiB, align, MapLocation.Device).DescriptorBytes);

    [Fact]
    public void AnEndThatFillsNoUnitIsTrimmed()
    {
        PfnLayout layout = Of(NamespaceMode.DevDax, (3 * GiB) + (6 * MiB), GiB, MapLocation.Ram);
        Assert.Equal(6 * MiB, layout.EndTrunc);
        Assert.Equal(GiB, layout.DataOffset);
        Assert.Equal(2 * GiB, layout.UsableBytes);
        Assert.Equal(GiB + (6 * MiB), layout.WasteBytes);
        Assert.Equal(3 * 8 * KiB, layout.DescriptorBytes);
    }

    [Fact]
    public void R8b_DescriptorsAlwaysFitBeforeTheData_AndUsuallyWithLessThanAUnitToSpare()
    {
        for (ulong size = 4 * MiB; size < 3 * GiB; size += 2 * MiB)
        {
            PfnLayout layout = Of(NamespaceMode.FsDax, size, 2 * MiB, MapLocation.Device);

            // The first 32 KiB block of descriptors lies at 32 KiB, for it is aligned to itself.
            Assert.True(layout.DataOffset >= (32 * KiB) + layout.DescriptorBytes, $"{size}");
            Assert.True(layout.DataOffset - layout.DescriptorBytes <= (2 * MiB) + (32 * KiB), $"{size}");
            Assert.Equal(size, layout.UsableBytes + layout.DescriptorBytes + layout.WasteBytes);
        }
    }

    [Theory]
    [InlineData(NamespaceMode.FsDax, 0, 2 * MiB, MapLocation.Ram, Errno.EINVAL, "2 MiB")]
    [InlineData(NamespaceMode.FsDax, (3 * MiB) + 1, 2 * MiB, MapLocation.Ram, Errno.EINVAL, "2097152 would be")]
    [InlineData(NamespaceMode.FsDax, GiB, 64 * KiB, MapLocation.Ram, Errno.EINVAL, "4 KiB, 2 MiB and 1 GiB")]
    [InlineData(NamespaceMode.Raw, GiB, 2 * MiB, MapLocation.Ram, Errno.EINVAL, "no page descriptors")]
    [InlineData(NamespaceMode.FsDax, GiB, 2 * MiB, (MapLocation)7, Errno.EINVAL, "in RAM or on the device")]
    [InlineData(NamespaceMode.FsDax, 2 * MiB, 2 * MiB, MapLocation.Ram, Errno.ENOSPC, "4194304 or more")]
    [InlineData(NamespaceMode.DevDax, GiB, GiB, MapLocation.Ram, Errno.ENOSPC, "nothing else")]
    public void WhatCannotBeIsRefusedWithWhatWouldBeRight(NamespaceMode mode, ulong size, ulong align, MapLocation map, Errno expected, string part)
    {
        Assert.Equal(expected, PfnLayout.TryCompute(mode, size, align, map, out PfnLayout layout, out string reason));
        Assert.Contains(part, reason, StringComparison.Ordinal);
        Assert.Equal(default, layout);
    }

    private static PfnLayout Of(NamespaceMode mode, ulong size, ulong align, MapLocation map)
    {
        Errno errno = PfnLayout.TryCompute(mode, size, align, map, out PfnLayout layout, out string reason);
        Assert.True(errno == Errno.None, reason);
        return layout;
    }
}
