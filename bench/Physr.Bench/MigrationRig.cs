// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Hmm;
using Physr.Memory;
using Physr.Mm;

namespace Physr.Bench;

/// <summary>A process and a device with memory of its own, which the driver copies to and from by the CPU: what is measured is what a migration costs besides the copy.</summary>
internal sealed unsafe class MigrationRig : IDisposable
{
    private readonly Pagemap _pagemap;
    private readonly DevicePagePool _pool;
    private readonly byte* _deviceBytes;
    private readonly ulong _firstPage;
    private readonly AreaMigration _toDevice;
    private readonly AreaMigration _toRam;
    private readonly int _order;
    private byte* _from;
    private byte* _to;
    private nuint _length;
    private readonly PageFrameNumber[] _frames = new PageFrameNumber[512];
    private readonly DevicePage[] _pages = new DevicePage[512];

    public MigrationRig(ulong bytes, bool isHuge)
    {
        Bytes = bytes;
        _order = isHuge ? 9 : 0;
        Memory = PhysicalMemory.Create((2 * bytes) + (64UL << 20), new() { HugePages = isHuge ? HugePagePolicy.Always : HugePagePolicy.Never });
        _pagemap = new() { Type = MemoryType.DevicePrivate, Owner = this, Name = "bench", MigrateToRam = Serve, FolioFree = page => _pool!.Return(page) };
        Must(Memory.Map.Private.Register(_pagemap, bytes, out AddressRange<DevicePrivateOffset> region, out _));
        _pool = new(_pagemap, region);
        _firstPage = PageKey.Of(region.Start).Value;
        _deviceBytes = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)PageSize.Size2M);
        NativeMemory.Clear(_deviceBytes, (nuint)bytes);
        _toDevice = new(Memory, this);
        _toRam = new(Memory, this);
        Space = new(Memory, "bench");
        Must(Space.TryMap(new(bytes, Protection.ReadWrite), out VirtualAddress start));
        Start = start;
        for (ulong at = 0; at < bytes; at += PageSize.Size4K)
        {
            Space.Store(start.Add(at), at);
        }
    }

    public PhysicalMemory Memory { get; }

    public AddressSpace Space { get; }

    public VirtualAddress Start { get; }

    public ulong Bytes { get; }

    /// <summary>Everything to the device, a batch of 2 MiB at a time, as a driver would.</summary>
    public void ToDevice() => Move(_toDevice, MigrateSelect.System, toDevice: true);

    /// <summary>Everything home.</summary>
    public void ToRam() => Move(_toRam, MigrateSelect.DevicePrivate, toDevice: false);

    public void Dispose()
    {
        Space.Dispose();
        Memory.Map.Unregister(_pagemap);
        Memory.Dispose();
        NativeMemory.AlignedFree(_deviceBytes);
    }

    public static void Must(Errno errno)
    {
        if (errno != Errno.None)
        {
            throw new InvalidOperationException($"It should have been possible: {errno}.");
        }
    }

    private void Move(AreaMigration migration, MigrateSelect select, bool toDevice)
    {
        Space.EnterRead();
        for (ulong at = 0; at < Bytes; at += PageSize.Size2M)
        {
            Must(migration.Setup(Space, new(Start.Add(at), PageSize.Size2M), select | MigrateSelect.Compound));
            Copy(migration, toDevice);
            migration.Migrate();
            migration.Complete();
        }

        Space.ExitRead();
    }

    private void Copy(AreaMigration migration, bool toDevice)
    {
        ReadOnlySpan<MigrateFrame> sources = migration.Sources;
        if (_order == 0 && toDevice && _pool.TryTake(_pages.AsSpan(0, sources.Length)) != sources.Length)
        {
            throw new InvalidOperationException("There is no device memory.");
        }

        if (_order == 0 && !toDevice && Memory.TryAllocateForMove(_frames.AsSpan(0, sources.Length)) != sources.Length)
        {
            throw new InvalidOperationException("There is no RAM.");
        }

        for (int i = 0; i < sources.Length; i++)
        {
            if (!sources[i].Moves)
            {
                continue;
            }

            MigrateFlags size = _order == 0 ? MigrateFlags.None : MigrateFlags.Compound;
            if (toDevice)
            {
                DevicePage page = _pages[i];
                Must(_order == 0 ? Errno.None : _pool.TryTake(_order, out page));
                migration.Destinations[i] = MigrateFrame.Of(page, size);
                Append(Bytes4K(sources[i].Key.Frame), DeviceAt(PageKey.Of(page)));
            }
            else
            {
                PageFrameNumber frame = _frames[i];
                Must(_order == 0 ? Errno.None : Memory.TryAllocateForMove(_order, out frame));
                migration.Destinations[i] = MigrateFrame.Of(frame, size);
                Append(DeviceAt(sources[i].Key), Bytes4K(frame));
            }
        }

        Flush();
    }

    /// <summary>Joins copies whose sources and destinations both follow each other, as drivers do for their copy engines.</summary>
    private void Append(byte* from, byte* to)
    {
        if (_length != 0 && from == _from + _length && to == _to + _length)
        {
            _length += (nuint)PageSize.Size4K << _order;
            return;
        }

        Flush();
        _from = from;
        _to = to;
        _length = (nuint)PageSize.Size4K << _order;
    }

    private void Flush()
    {
        NativeMemory.Copy(_from, _to, _length);
        _length = 0;
    }

    private byte* DeviceAt(PageKey key) => _deviceBytes + ((key.Value - _firstPage) << PageSize.Shift4K);

    private byte* Bytes4K(PageFrameNumber frame)
    {
        // SAFETY: RAM of the rig's own, which does not move.
        return (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(Memory.BytesAt(frame, _order)));
    }

    private FaultOutcome Serve(in DevicePageFault fault)
    {
        Must(_toRam.Setup(Space, new(fault.Address.AlignDown(PageSize.Size4K), PageSize.Size4K), MigrateSelect.DevicePrivate, fault.Page));
        Copy(_toRam, toDevice: false);
        _toRam.Migrate();
        _toRam.Complete();
        return FaultOutcome.Served;
    }
}
