// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Memory;

namespace Physr.Hmm.Tests;

/// <summary>A device with memory of its own that mirrors processes, as the kernel's test device does (<c>dmirror</c>).</summary>
internal sealed unsafe partial class MirrorDevice : IDisposable
{
    private readonly NativeRam _bytes;
    private readonly Lock _lock = new();
    private readonly List<ProcessMirror> _mirrors = [];
    private readonly Stack<AreaMigration> _idle = [];
    private readonly Resource? _madeUp;
    private readonly PhysicalRange _range;
    private long _faultsServed;

    public MirrorDevice(PhysicalMemory memory, string name, DeviceVariant variant, ulong length, PhysicalAddress coherentAt)
    {
        Memory = memory;
        Variant = variant;
        Pagemap = new()
        {
            Type = variant == DeviceVariant.Coherent ? MemoryType.DeviceCoherent : MemoryType.DevicePrivate,
            Owner = this,
            Name = name,
            FolioFree = page => Pool!.Return(page),
            FolioSplit = (_, tail) => Pool!.Split(tail),
            MigrateToRam = ServeFault,
        };

        Errno errno;
        string reason;
        switch (variant)
        {
            case DeviceVariant.Private:
                errno = memory.Map.Private.Register(Pagemap, length, out AddressRange<DevicePrivateOffset> region, out reason);
                Assert.True(errno == Errno.None, reason);
                Pool = new(Pagemap, region);
                First = PageKey.Of(region.Start);
                _range = new(default, length);
                _bytes = new(_range);
                break;
            case DeviceVariant.PrivateByRange:
                Assert.Equal(Errno.None, memory.Map.RequestPrivateRange(length, name, out _madeUp));
                _range = new(_madeUp!.Range.Start, length);
                Pagemap.Ranges.Add(_range);
                errno = memory.Map.Register(Pagemap, out reason);
                Assert.True(errno == Errno.None, reason);
                Pool = new(Pagemap, _range);
                First = PageKey.Of(_range.Start.Frame);
                _bytes = new(_range);
                break;
            default:
                _range = new(coherentAt, length);
                Pagemap.Ranges.Add(_range);
                errno = memory.Map.Register(Pagemap, out reason);
                Assert.True(errno == Errno.None, reason);
                Pool = new(Pagemap, _range);
                First = PageKey.Of(_range.Start.Frame);
                _bytes = new(_range);
                memory.AttachBytes(_range, _bytes);
                break;
        }
    }

    public PhysicalMemory Memory { get; }

    public DeviceVariant Variant { get; }

    public Pagemap Pagemap { get; }

    public DevicePagePool Pool { get; }

    /// <summary>The first page of its memory.</summary>
    public PageKey First { get; }

    /// <summary>Whether it makes use of 2 MiB pages.</summary>
    public bool UsesHugePages { get; set; } = true;

    /// <summary>Whether every allocation of 2 MiB fails, here and in RAM (the kernel's <c>HMM_DMIRROR_FLAG_FAIL_ALLOC</c>).</summary>
    public bool FailsHugeAllocations { get; set; }

    /// <summary>Asked first by each fault; an answer stands in the place of the device's own.</summary>
    public Func<DevicePageFault, FaultOutcome?>? OnFault { get; set; }

    /// <summary>Asked before each page of the device's is taken.</summary>
    public IAllocationGate? Gate { get; set; }

    public long FaultsServed => Volatile.Read(ref _faultsServed);

    /// <summary>Which of its pages migration selects.</summary>
    public MigrateSelect OwnSelect => Variant == DeviceVariant.Coherent ? MigrateSelect.DeviceCoherent : MigrateSelect.DevicePrivate;

    private MigrateSelect Compound => UsesHugePages ? MigrateSelect.Compound : MigrateSelect.None;

    /// <summary>Begins to mirror a process.</summary>
    public ProcessMirror Open(AddressSpace space)
    {
        ProcessMirror mirror = new(this, space);
        lock (_lock)
        {
            _mirrors.Add(mirror);
        }

        return mirror;
    }

    /// <summary>The mirror of a process, made when first asked for.</summary>
    public ProcessMirror Mirror(HmmHost host, AddressSpace space) => _mirrors.Find(each => each.Space == space) ?? host.Open(this, space);

    /// <summary>The device's own bytes of one of its pages, and of those behind it in the same 2 MiB.</summary>
    public Span<byte> BytesOf(PageKey key, int order = 0)
    {
        ulong offset = (key.Value - First.Value) << PageSize.Shift4K;
        PhysicalAddress block = _range.Start.Add(Alignment.Down(offset, PageSize.Size2M));
        return _bytes.BlockAt(block).Slice((int)(offset & (PageSize.Size2M - 1)), (int)PageSize.Size4K << order);
    }

    public bool Owns(PageKey key) => key.Value - First.Value < (ulong)Pool.Pages;

    /// <summary>What the device reaches by an entry of its table: RAM, memory of its own, or another's that is coherent.</summary>
    public Span<byte> Reach(PageKey key) => Owns(key) ? BytesOf(key) : Memory.BytesAt(key.Frame);

    public void Dispose()
    {
        lock (_lock)
        {
            Assert.Empty(_mirrors);
        }

        Assert.Equal(0, EvictAll());
        Memory.Map.Unregister(Pagemap);
        if (Variant == DeviceVariant.Coherent)
        {
            Memory.DetachBytes(_range);
        }

        if (_madeUp is not null)
        {
            Assert.Equal(Errno.None, Memory.Map.Resources.Remove(_madeUp));
        }

        _bytes.Dispose();
    }

    internal void Forget(ProcessMirror mirror)
    {
        lock (_lock)
        {
            _mirrors.Remove(mirror);
        }
    }

    /// <summary>Drops what the device's tables say of pages of a process that it is about to move itself: its own callback is not asked then.</summary>
    internal void Drop(AddressSpace space, AreaMigration migration)
    {
        lock (_lock)
        {
            foreach (ProcessMirror mirror in CollectionsMarshal.AsSpan(_mirrors))
            {
                if (mirror.Space == space)
                {
                    mirror.Drop(migration);
                }
            }
        }
    }

    internal AreaMigration Rent()
    {
        lock (_lock)
        {
            return _idle.TryPop(out AreaMigration? migration) ? migration : new(Memory, this);
        }
    }

    internal void Return(AreaMigration migration)
    {
        lock (_lock)
        {
            _idle.Push(migration);
        }
    }
}
