// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Memory;
using Physr.Storage.Pmem;
using static Physr.Storage.Tests.Pmem.PmemHost;

namespace Physr.Storage.Tests.Pmem;

public sealed class PmemRegionTests
{
    [Fact]
    public void ATebibyteIsAttachedWithoutADescriptor_ByOneProvider()
    {
        using PmemHost host = new(TiB, start: TiB, initialize: false);
        Assert.Equal(0, host.Map.DescriptorCount);
        P2PProvider provider = Assert.Single(host.Map.Providers);
        Assert.Equal(new PhysicalRange(new(TiB), TiB), provider.Range);
        Assert.True(host.Map.TryFindOwner(new(TiB + GiB), out Owner owner));
        Assert.Equal(provider.Index, owner.Provider);
        Assert.Equal("10000000000-1ffffffffff : Persistent Memory\n", Iomem(host.Map));
        Assert.Equal(LabelAreaState.Blank, host.Region.Labels.State);
        Assert.Equal(Errno.None, host.Region.TryDetach(out _));
        Assert.Equal(Errno.None, host.Region.TryDetach(out _));
        AssertNothingLeft(host.Map);
    }

    [Fact]
    public void AttachingLooksAtTheLabelsOnly()
    {
        // A look-up table of some KiB, whatever the size; a descriptor for each of 2^28 pages would show.
        static long Cost(ulong size)
        {
            MemoryMap map = new();
            MemoryMedia image = new("pmem", size + LabelArea.UsualBytes);
            (PersistentMemory data, PersistentMemory labels) = PmemRegion.OverImage(image);
            long before = GC.GetAllocatedBytesForCurrentThread();
            Assert.Equal(Errno.None, PmemRegion.TryAttach(map, new(TiB), data, labels, null, out _, out _));
            long cost = GC.GetAllocatedBytesForCurrentThread() - before;
            image.Dispose();
            return cost;
        }

        Cost(GiB);
        Assert.InRange(Cost(TiB), 0, 64 << 10);
    }

    [Fact]
    public void OneImageHoldsDataFirst_AndLabelsInItsLast128KiB()
    {
        using MemoryMedia image = new("image", (7 * MiB) + (3 * KiB));
        (PersistentMemory data, PersistentMemory labels) = PmemRegion.OverImage(image);
        Assert.Equal(6 * MiB, data.Length);
        Assert.Equal(128 * KiB, labels.Length);
        Assert.Equal(Errno.None, labels.TryWrite(0, [7]));
        Span<byte> seen = stackalloc byte[1];
        Assert.Equal(Errno.None, image.TryRead(image.Length - (128 * KiB), seen));
        Assert.Equal(7, seen[0]);
        using MemoryMedia small = new("small", 2 * MiB);
        Assert.Throws<ArgumentException>(() => PmemRegion.OverImage(small));
    }

    [Theory]
    [InlineData(4096, 4 * MiB, Errno.EINVAL)]
    [InlineData(1UL << 46, 4 * MiB, Errno.EINVAL)]
    [InlineData(0, 4 * MiB, Errno.ENXIO)]
    [InlineData(GiB - (2 * MiB), 4 * MiB, Errno.EBUSY)]
    public void APlaceThatIsTakenOrOffTheGridIsRefused_AndNothingStays(ulong start, ulong size, Errno expected)
    {
        MemoryMap map = new();
        map.AddRam(new(default, 64 * MiB), out _);
        map.Resources.Insert("PCI Bus 0000:00", new(new(GiB), GiB), ResourceFlags.Memory | ResourceFlags.Busy, ResourceDescriptor.None, out _, out _);
        string before = Iomem(map);
        using MemoryMedia data = new("data", size);
        using MemoryMedia labels = new("labels", 128 * KiB);
        Assert.Equal(expected, PmemRegion.TryAttach(map, new(start), data, labels, null, out PmemRegion? region, out string reason));
        Assert.Null(region);
        Assert.NotEmpty(reason);
        Assert.Empty(map.Providers);
        Assert.Equal(before, Iomem(map));
    }

    [Fact]
    public void ARegionInUseStays()
    {
        using PmemHost host = new(8 * MiB);
        PmemNamespace raw = host.Enable(new(NamespaceMode.Raw));
        Assert.Equal(Errno.EBUSY, host.Region.TryDetach(out string reason));
        Assert.Contains("namespace0.0", reason, StringComparison.Ordinal);
        Assert.Equal(Errno.None, raw.TryDisable(out _));
        Assert.True(host.Region.Provider.TryAcquire());
        Assert.Equal(Errno.EBUSY, host.Region.TryDetach(out reason));
        Assert.Contains("1 mappings", reason, StringComparison.Ordinal);
        host.Region.Provider.Release();
        Assert.Equal(Errno.None, host.Region.TryDetach(out _));
        AssertNothingLeft(host.Map);
    }

    [Fact]
    public void R9a_ATebibyteOfDevdaxBy2MiBIsEnabledWithoutTouchingItsDescriptors()
    {
        using PmemHost host = new(TiB, start: TiB);
        PmemNamespace devdax = host.Create(new(NamespaceMode.DevDax));
        long before = Process.GetCurrentProcess().WorkingSet64;
        Assert.Equal(Errno.None, devdax.TryEnable(out _));
        Assert.Equal((long)(4 * GiB), host.Map.DescriptorBytes);
        Assert.True(Process.GetCurrentProcess().WorkingSet64 - before < (long)(256 * MiB));
        Assert.Equal(Errno.None, devdax.TryDisable(out _));
    }

    private static string Iomem(MemoryMap map)
    {
        using StringWriter text = new();
        IomemText.Write(map.Resources, text);
        return text.ToString().ReplaceLineEndings("\n");
    }
}
