// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

/// <summary>What each mode costs and gives, rows R7 to R9, R75, R85.</summary>
public sealed class NamespaceModeTests
{
    [Fact]
    public void R85a_R85b_R85c_RawHasOneProviderAndNoDescriptor_ItsBytesAndAddressesAreOneToOne()
    {
        using PmemHost host = new(64 * MiB);
        PmemNamespace first = host.Enable(new(NamespaceMode.Raw) { Size = 16 * MiB });
        PmemNamespace raw = host.Enable(new(NamespaceMode.Raw) { Size = 32 * MiB });
        Assert.Equal(0, host.Map.DescriptorCount);
        Assert.Single(host.Map.Providers);
        IDaxDevice dax = raw.Dax!;
        Assert.Equal(32 * MiB, dax.Length);
        for (ulong offset = 0; offset < dax.Length; offset += MiB + 512)
        {
            using RangeListBuilder list = RangeListBuilder.Rent();
            Assert.Equal(Errno.None, dax.TryDirectAccess(offset, Math.Min(4096, dax.Length - offset), DirectAccess.Write, list, out _));
            ProvidedRange range = list.Build().Seek(0);
            Assert.Equal(raw.Range.Start.Add(offset), range.Range.Start);
            Assert.Equal(host.Region.Provider.Index, range.Provider);
            Assert.True(dax.TryFindOffset(range.Range.Start, out ulong back));
            Assert.Equal(offset, back);
        }

        Assert.False(dax.TryFindOffset(first.Range.Start, out _));
        using RangeListBuilder part = RangeListBuilder.Rent();
        Assert.Equal(Errno.ENXIO, dax.TryDirectAccess(dax.Length - 512, 1024, DirectAccess.Read, part, out string reason));
        Assert.Contains("not all of", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, dax.TryDirectAccess(dax.Length - 512, 512, DirectAccess.Read, part, out _));
        Assert.Equal(512UL, part.Build().Length);
        Assert.Equal(Errno.EOPNOTSUPP, host.Map.CheckMmuMapping(raw.Range, out _));
    }

    [Fact]
    public void R8a_R8e_MapDevTakesDescriptorsFromTheNamespace_AndTheyAreNoPagesThemselves()
    {
        using PmemHost host = new(256 * MiB);
        PmemNamespace fsdax = host.Enable(new(NamespaceMode.FsDax) { Map = MapLocation.Device });
        Assert.Equal(0, host.Map.DescriptorBytes);
        Assert.Equal((long)(4 * MiB), host.Map.DeviceDescriptorBytes);
        PfnLayout layout = fsdax.Layout!.Value;
        Assert.Equal(6 * MiB, layout.DataOffset);
        Assert.Equal(250 * MiB, fsdax.Dax!.Length);
        Pagemap pagemap = fsdax.Pagemap!;
        Assert.Equal(MemoryType.FsDax, pagemap.Type);
        Assert.Equal(fsdax.DataRange.Start, fsdax.Range.Start.Add(pagemap.DataOffset));
        Assert.Equal(2UL, pagemap.Altmap!.Reserve);
        Assert.Equal(1024UL, pagemap.Altmap.Allocated);
        Assert.Equal(6UL, pagemap.Altmap.Align);
        Assert.False(pagemap.IsValidFrame(new(fsdax.DataRange.Start.Frame.Value - 1)));
        Assert.True(pagemap.IsValidFrame(fsdax.DataRange.Start.Frame));
        Assert.True(pagemap.IsValidFrame(fsdax.DataRange.Last.Frame));
        Assert.Equal(Errno.None, host.Map.CheckMmuMapping(fsdax.DataRange, out _));
        Assert.Equal(Errno.None, fsdax.TryDisable(out _));
        Assert.Equal(0, host.Map.DeviceDescriptorBytes);
        Assert.Equal(0UL, pagemap.Altmap.Allocated);
    }

    [Fact]
    public void R7a_R7b_FramesLeadToTheNamespace_UntilItIsDisabled()
    {
        using PmemHost host = new(64 * MiB);
        PmemNamespace first = host.Enable(new(NamespaceMode.FsDax) { Size = 32 * MiB });
        PmemNamespace second = host.Enable(new(NamespaceMode.DevDax) { Size = 32 * MiB });
        foreach (PmemNamespace each in (PmemNamespace[])[first, second])
        {
            foreach (PageFrameNumber frame in (PageFrameNumber[])[each.DataRange.Start.Frame, each.DataRange.Last.Frame])
            {
                Assert.True(host.Map.TryGetPagemap(frame, out PagemapReference held));
                Assert.Same(each.Pagemap, held.Pagemap);
                Assert.Equal(Errno.EBUSY, each.TryDisable(out string reason));
                Assert.Contains("1 references", reason, StringComparison.Ordinal);
                held.Dispose();
            }
        }

        PageFrameNumber gone = first.DataRange.Start.Frame;
        Assert.Equal(Errno.None, first.TryDisable(out _));
        Assert.False(host.Map.TryGetPagemap(gone, out _));
        Assert.True(host.Map.TryGetPagemap(second.DataRange.Start.Frame, out PagemapReference still));
        still.Dispose();
    }

    [Theory]
    [InlineData(4 * KiB, 64 * MiB, 1024 * KiB, 62 * MiB, 0)]
    [InlineData(2 * MiB, 64 * MiB, 32 * 8 * KiB, 62 * MiB, 9)]
    [InlineData(GiB, 3 * GiB, 3 * 8 * KiB, 2 * GiB, 18)]
    public void R9a_DevdaxCountsWhatItsAlignmentSays(ulong align, ulong size, ulong descriptors, ulong data, int order)
    {
        using PmemHost host = new(size);
        PmemNamespace devdax = host.Enable(new(NamespaceMode.DevDax) { Align = align });
        Assert.Equal((long)descriptors, host.Map.DescriptorBytes);
        Assert.Equal(data, devdax.Dax!.Length);
        Assert.Equal(MemoryType.Generic, devdax.Pagemap!.Type);
        Assert.Equal(order, devdax.Pagemap.MetadataOrder);
        Assert.True(devdax.DataRange.Start.IsAligned(align));
        Assert.Equal(Errno.None, devdax.CheckMapping(0, align, out _));
        Assert.Equal(Errno.EINVAL, devdax.CheckMapping(align / 2, align, out string reason));
        Assert.Contains($"units of {align}", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.ENXIO, devdax.CheckMapping(devdax.Dax.Length, align, out _));
        Assert.Equal("dax0.0", Assert.Single(host.Map.Resources.Root.Children[0].Children).Name);
    }

    [Fact]
    public void R9b_R9c_DevdaxInMapDevSharesNothing()
    {
        using PmemHost host = new(64 * MiB);
        PmemNamespace devdax = host.Enable(new(NamespaceMode.DevDax) { Map = MapLocation.Device });
        Assert.Equal(0, host.Map.DescriptorBytes);
        Assert.Equal((long)MiB, host.Map.DeviceDescriptorBytes);
        Assert.Equal(9, devdax.Pagemap!.MetadataOrder);
        Assert.Equal(62 * MiB, devdax.Dax!.Length);
        Assert.True(devdax.Pagemap.TryGetPage(devdax.DataRange.Start.Frame.Add(700), out DevicePage page));
        Assert.Equal(devdax.DataRange.Start.Frame.Add(512), page.Head.Frame);
    }

    [Fact]
    public void R75a_TheAccountIsExactThroughEveryEnableAndDisable()
    {
        using PmemHost host = new(256 * MiB);
        (NamespaceRequest Request, ulong Ram, ulong Device)[] cases =
        [
            (new(NamespaceMode.Raw) { Size = 32 * MiB }, 0, 0),
            (new(NamespaceMode.FsDax) { Size = 32 * MiB }, 512 * KiB, 0),
            (new(NamespaceMode.FsDax) { Size = 32 * MiB, Map = MapLocation.Device }, 0, 512 * KiB),
            (new(NamespaceMode.DevDax) { Size = 32 * MiB }, 128 * KiB, 0),
            (new(NamespaceMode.Sector) { Size = 32 * MiB }, 0, 0),
        ];
        List<PmemNamespace> made = [];
        ulong ram = 0;
        ulong device = 0;
        foreach ((NamespaceRequest request, ulong ramMore, ulong deviceMore) in cases)
        {
            made.Add(host.Enable(request));
            ram += ramMore;
            device += deviceMore;
            Assert.Equal((long)ram, host.Map.DescriptorBytes);
            Assert.Equal((long)device, host.Map.DeviceDescriptorBytes);
        }

        for (int i = 0; i < made.Count; i++)
        {
            Assert.Equal(Errno.None, made[i].TryDisable(out _));
            ram -= cases[i].Ram;
            device -= cases[i].Device;
            Assert.Equal((long)ram, host.Map.DescriptorBytes);
            Assert.Equal((long)device, host.Map.DeviceDescriptorBytes);
        }

        Assert.Equal(Errno.None, host.Region.TryDetach(out _));
        AssertNothingLeft(host.Map);
    }

    [Fact]
    public void BytesSurviveTheMachine_InEveryMode()
    {
        using PmemHost host = new(128 * MiB);
        NamespaceMode[] modes = [NamespaceMode.Raw, NamespaceMode.FsDax, NamespaceMode.DevDax];
        foreach (NamespaceMode mode in modes)
        {
            IDaxDevice dax = host.Enable(new(mode) { Size = 32 * MiB, Name = mode.ToString() }).Dax!;
            Assert.Equal(Errno.None, dax.TryWrite(4096 * 5, [(byte)(mode + 1)]));
        }

        using PmemHost after = host.Reattach();
        Assert.Empty(after.Region.Problems);
        Assert.Equal(modes.Select(static mode => mode.ToString()), after.Region.Namespaces.Select(static each => each.Name));
        Span<byte> seen = stackalloc byte[1];
        foreach (PmemNamespace each in after.Region.Namespaces)
        {
            Assert.Equal(Errno.None, each.TryEnable(out _));
            Assert.Equal(Errno.None, each.Dax!.TryRead(4096 * 5, seen));
            Assert.Equal((byte)(each.Mode + 1), seen[0]);
        }
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void SectorModeIsABlockDeviceWithoutDescriptors_WhoseSectorsSurvive(uint sector)
    {
        using PmemHost host = new(32 * MiB);
        PmemNamespace each = host.Enable(new(NamespaceMode.Sector) { SectorBytes = sector });
        Assert.Null(each.Dax);
        Assert.Equal(sector, each.Label.LogicalBlockBytes);
        Assert.Equal(0, host.Map.DescriptorCount);
        using NativeRam ram = new(new(default, 2 * MiB));
        HostBytes bytes = new();
        bytes.Attach(new PhysicalRange(default, 2 * MiB), ram);
        Assert.Equal(Errno.None, bytes.TryWrite(new(0), [1, 2, 3]));
        RangeList page = RangeList.Of(new(default, 4096));
        using (BlockDevice disk = each.OpenBlockDevice(bytes))
        {
            Assert.Equal(Physr.Dma.Block.BlockStatus.Ok, disk.Execute(new(BioOperation.Write, 16, page.All)));
        }

        using PmemHost after = host.Reattach();
        PmemNamespace again = Assert.Single(after.Region.Namespaces);
        Assert.Throws<PhysrException>(() => again.OpenBlockDevice(bytes));
        Assert.Equal(Errno.None, again.TryEnable(out _));
        bytes.TryWrite(new(0), new byte[4096]);
        using BlockDevice disk2 = again.OpenBlockDevice(bytes);
        Assert.Equal(Physr.Dma.Block.BlockStatus.Ok, disk2.Execute(new(BioOperation.Read, 16, page.All)));
        Span<byte> seen = stackalloc byte[3];
        bytes.TryRead(new(0), seen);
        Assert.Equal([1, 2, 3], seen.ToArray());
    }
}
