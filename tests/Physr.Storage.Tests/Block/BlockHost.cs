// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Storage.Tests.Block;

/// <summary>Some RAM, and devices of memory beside it.</summary>
internal sealed class BlockHost : IDisposable
{
    public static readonly PhysicalRange Ram = new(new(1UL << 30), 8UL << 20);
    private readonly NativeRam _ram = new(Ram);
    private readonly List<IDisposable> _owned = [];
    private ulong _next = 8UL << 30;

    public BlockHost()
    {
        Bytes.Attach(Ram, _ram);
        _owned.Add(_ram);
    }

    public HostBytes Bytes { get; } = new();

    public DaxBlockDevice Disk(string name, ulong bytes, BlockQueueLimits? limits = null, uint provider = 1)
    {
        MemoryMedia medium = new(name, bytes);
        _owned.Add(medium);
        PhysicalAddress start = new(_next);
        _next += Alignment.Up(bytes, PageSize.Size2M);
        Bytes.Attach(start, medium);
        return new(new MediaDaxDevice(medium, start, new(provider)), Bytes, limits);
    }

    public static RangeList At(ulong offset, ulong length) => RangeList.Of(new(Ram.Start.Add(offset), length));

    public Span<byte> Span(ulong offset, int length) => Bytes.WritableAt(Ram.Start.Add(offset), (ulong)length);

    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
        {
            owned.Dispose();
        }
    }
}
