// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Storage.Pmem;

namespace Physr.Storage.Tests.Pmem;

/// <summary>A machine with one region of persistent memory over one image.</summary>
internal sealed class PmemHost : IDisposable
{
    public const ulong KiB = 1UL << 10;
    public const ulong MiB = 1UL << 20;
    public const ulong GiB = 1UL << 30;
    public const ulong TiB = 1UL << 40;

    private readonly bool _ownsImage;

    public PmemHost(ulong size, MemoryMap? map = null, PersistentMemory? image = null, PmemRegionOptions? options = null, ulong start = 16 * GiB, bool initialize = true)
    {
        Map = map ?? new();
        _ownsImage = image is null;
        Image = image ?? new MemoryMedia("pmem0", size + LabelArea.UsualBytes);
        (PersistentMemory data, PersistentMemory labels) = PmemRegion.OverImage(Image);
        Errno errno = PmemRegion.TryAttach(Map, new(start), data, labels, options, out PmemRegion? region, out string reason);
        Assert.True(errno == Errno.None, reason);
        Region = region!;
        if (initialize)
        {
            Assert.Equal(Errno.None, Region.TryInitializeLabels(force: false, out _));
        }
    }

    public MemoryMap Map { get; }

    public PersistentMemory Image { get; }

    public PmemRegion Region { get; }

    public PmemNamespace Create(NamespaceRequest request)
    {
        Errno errno = Region.TryCreate(request, out PmemNamespace? made, out string reason);
        Assert.True(errno == Errno.None, $"{errno}: {reason}");
        return made!;
    }

    public PmemNamespace Enable(NamespaceRequest request)
    {
        PmemNamespace made = Create(request);
        Errno errno = made.TryEnable(out string reason);
        Assert.True(errno == Errno.None, $"{errno}: {reason}");
        return made;
    }

    /// <summary>The same image on another machine, as after a power cycle.</summary>
    public PmemHost Reattach() => new(0, new(), Image, Region.Options, Region.Range.Start.Value, initialize: false);

    public static void AssertNothingLeft(MemoryMap map)
    {
        Assert.Equal(0, map.DescriptorCount);
        Assert.Equal(0, map.DescriptorBytes);
        Assert.Equal(0, map.DeviceDescriptorBytes);
        Assert.Equal(0, map.PagemapRangeCount);
        Assert.Empty(map.Providers);
        Assert.Empty(map.Resources.Root.Children);
    }

    public void Dispose()
    {
        if (_ownsImage)
        {
            Image.Dispose();
        }
    }
}
