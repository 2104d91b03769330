// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Storage.Tests.Dax;

/// <summary>A region of persistent memory without page descriptors, in a host with a little RAM, and files on it whose pages a test places by hand.</summary>
internal sealed class PagelessRegion : IDisposable
{
    public static readonly PhysicalRange Range = new(new(8UL << 30), 16UL << 20);

    public PagelessRegion(PhysicalMemoryOptions? options = null, ulong ramBytes = 32UL << 20)
    {
        Memory = PhysicalMemory.Create(ramBytes, options);
        Medium = new("pmem0", Range.Length);
        Memory.AttachBytes(Range, new MediaBytes(Medium, Range.Start));
        Assert.Equal(Errno.None, Memory.Map.RegisterProvider("pmem0", null, -1, Range, new(Range.Start.Value), out P2PProvider? provider));
        Provider = provider!;
        Backing = new(Memory.Map, "pmem0", Range);
    }

    public PhysicalMemory Memory { get; }

    public MemoryMedia Medium { get; }

    public P2PProvider Provider { get; }

    public DescriptorBacking Backing { get; }

    public long Descriptors => Memory.Map.DescriptorCount;

    public PlacedFile File(string name, ulong pages) => new(this, name, pages);

    public byte ByteAt(ulong block) => Medium.ReadableAt(block << 12, 1)[0];

    public void Dispose()
    {
        Assert.Equal(0, Descriptors);
        Memory.Dispose();
        Medium.Dispose();
    }
}
