// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Hmm.Tests;

/// <summary>A host with processes and mirroring devices. When a test is through, nothing of what it used may be left anywhere.</summary>
internal sealed class HmmHost
{
    public const int BufferBytes = 4 << 20;
    public const int Huge = 2 << 20;
    public const int Page = 4096;

    private readonly RamZone _zone;
    private readonly List<AddressSpace> _spaces = [];
    private readonly List<ProcessMirror> _mirrors = [];
    private readonly List<MirrorDevice> _devices = [];
    private readonly List<IDisposable> _last = [];
    private readonly List<MemoryGroup> _groups = [];

    private HmmHost(MemoryMap map, RamZone zone, PhysicalMemoryOptions options)
    {
        _zone = zone;
        Memory = new(map, [zone], options with { Warn = text => { lock (Warnings) { Warnings.Add(text); } } });
    }

    public PhysicalMemory Memory { get; }

    /// <summary>What was warned about; a test that expects it looks, and clears it.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Runs a test on a fresh host and looks for leaks.</summary>
    public static void Run(
        Action<HmmHost> test, PhysicalMemoryOptions? options = null, ulong ramBytes = 64 << 20, IAllocationGate? zoneGate = null, ulong ramStart = PageSize.Size1G, MemoryMapOptions? mapOptions = null)
    {
        PhysicalRange range = new(new(ramStart), ramBytes);
        MemoryMap map = new(mapOptions ?? new());
        map.AddRam(range, out _);
        using NativeRam bytes = new(range);
        using RamZone zone = new(range, bytes, zoneGate);
        HmmHost host = new(map, zone, options ?? new());
        test(host);
        host.Close();
    }

    public AddressSpace Process(string name = "process", MemoryGroup? group = null) => Adopt(new(Memory, name, group));

    public AddressSpace Adopt(AddressSpace space)
    {
        _spaces.Add(space);
        return space;
    }

    public AddressSpace Fork(AddressSpace parent)
    {
        Assert.Equal(Errno.None, parent.TryFork("child", out AddressSpace? child));
        return Adopt(child!);
    }

    public MemoryGroup Group(ulong bytes)
    {
        MemoryGroup group = Memory.CreateGroup($"group {_groups.Count}", bytes);
        _groups.Add(group);
        return group;
    }

    public MirrorDevice Device(DeviceVariant variant, ulong bytes = 32 << 20)
    {
        MirrorDevice device = new(Memory, $"device{_devices.Count}", variant, bytes, new((64UL + ((ulong)_devices.Count * 4)) << 30));
        _devices.Add(device);
        return device;
    }

    public ProcessMirror Open(MirrorDevice device, AddressSpace space)
    {
        ProcessMirror mirror = device.Open(space);
        _mirrors.Add(mirror);
        return mirror;
    }

    /// <summary>Something that is disposed of after processes and devices: a file.</summary>
    public T Last<T>(T disposable)
        where T : IDisposable
    {
        _last.Add(disposable);
        return disposable;
    }

    /// <summary>Ends a process early.</summary>
    public void End(AddressSpace space)
    {
        foreach (ProcessMirror mirror in _mirrors.Where(each => each.Space == space).ToArray())
        {
            mirror.Close();
            _mirrors.Remove(mirror);
        }

        space.Dispose();
        _spaces.Remove(space);
    }

    /// <summary>Numbers from one on, as the tests fill buffers with.</summary>
    public static byte[] Numbers(int bytes, int first = 0, int step = 1)
    {
        byte[] buffer = new byte[bytes];
        Span<int> numbers = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, int>(buffer.AsSpan());
        for (int i = 0; i < numbers.Length; i++)
        {
            numbers[i] = first + (i * step);
        }

        return buffer;
    }

    private void Close()
    {
        foreach (ProcessMirror mirror in _mirrors)
        {
            mirror.Close();
        }

        foreach (AddressSpace space in _spaces)
        {
            space.Dispose();
            Assert.Equal((0L, 0L, 0L), (space.ResidentPages, space.SwapEntries, space.PinnedPages));
        }

        foreach (MirrorDevice device in _devices)
        {
            Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
            Assert.Equal(0, device.Pagemap.UserCount);
            device.Dispose();
        }

        foreach (IDisposable each in _last)
        {
            each.Dispose();
        }

        Assert.Equal(0, Memory.Pins);
        Assert.Equal(0, Memory.PageTables);
        Assert.Equal(0, Memory.UsedSwapSlots);
        foreach (MemoryGroup group in _groups)
        {
            Assert.Equal(0, group.ChargedPages);
        }

        long lost = Memory.PoisonedPages;
        Memory.Dispose();
        Assert.Equal(_zone.Pages, _zone.FreePages + lost);
        Assert.Empty(Warnings);
    }
}
