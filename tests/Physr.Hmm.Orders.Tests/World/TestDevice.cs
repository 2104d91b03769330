// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Memory;
using Physr.Mm;
using Physr.Mm.Interleaving;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A small device with private memory of its own: native bytes, a pagemap in the offset space, a pool, and a driver that moves pages both ways.</summary>
internal sealed unsafe partial class TestDevice
{
    /// <summary>What the driver leaves in a page that was freed.</summary>
    public const ulong Freed = 0xdddd_dddd_dddd_dddd;

    private readonly PhysicalMemory _memory;
    private readonly byte* _bytes;
    private readonly ulong _size;
    private long _callbacks;

    public TestDevice(PhysicalMemory memory, string name, ulong size = PageSize.Size2M)
    {
        _memory = memory;
        _size = size;
        Name = name;
        _bytes = (byte*)NativeMemory.AlignedAlloc((nuint)size, (nuint)PageSize.Size4K);
        Pagemap = new() { Type = MemoryType.DevicePrivate, Owner = this, Name = name, MigrateToRam = Serve, FolioFree = OnFree, FolioSplit = OnSplit };
        Pool = Register();
    }

    public string Name { get; }

    public Pagemap Pagemap { get; }

    public DevicePagePool Pool { get; private set; }

    /// <summary>How often the driver was asked to serve a fault of the CPU.</summary>
    public long Callbacks => Volatile.Read(ref _callbacks);

    /// <summary>Whether faults are served by 2 MiB where they can be.</summary>
    public bool MovesWhole { get; set; } = true;

    private PageKey First { get; set; }

    /// <summary>Comes (back) after it was unplugged.</summary>
    public DevicePagePool Register()
    {
        Assert.Equal(Errno.None, _memory.Map.Private.Register(Pagemap, _size, out AddressRange<DevicePrivateOffset> region, out string reason));
        Assert.Equal("", reason);
        First = PageKey.Of(region.Start);
        Pool = new(Pagemap, region);
        return Pool;
    }

    public byte* BytesOf(PageKey key)
    {
        ulong index = key.Value - First.Value;
        Assert.True(index < (ulong)Pool.Pages, $"{key} is not {Name}'s");
        return _bytes + (index << PageSize.Shift4K);
    }

    /// <summary>The bytes of a page of RAM or of the device's own.</summary>
    public byte* AnyBytesOf(PageKey key) => key.IsOffset ? BytesOf(key) : _memory.BytesOf(key);

    /// <summary>Gives the bytes back, whatever state the run left.</summary>
    public void Abandon() => NativeMemory.AlignedFree(_bytes);

    private void OnFree(DevicePage page)
    {
        SchedulePoint.Reach("folio free");
        Page freed = _memory.PageOf(PageKey.Of(page));
        Assert.False(freed.Has(PageFlags.Locked), $"{freed} is freed while locked");
        Assert.Equal(0, freed.TotalMapCount);
        Assert.Equal(0, freed.References);
        for (int i = 0; i < freed.Pages; i++)
        {
            *(ulong*)BytesOf(freed.Key.Add((ulong)i)) = Freed;
        }

        Pool.Return(page);
    }

    private void OnSplit(DevicePage head, DevicePage tail) => Pool.Split(tail);
}
