// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A host, its devices, and the processes of one run. When a run ends well everything is as it was, and the world serves the next.</summary>
internal sealed unsafe partial class World : IDisposable
{
    private readonly NativeRam _ram;
    private readonly RamZone _zone;
    private readonly long _freeAtRest;
    private ulong _lastValue;

    public World(WorldOptions options)
    {
        Options = options;
        PhysicalRange range = new(new(PageSize.Size1G), (ulong)options.RamMebibytes << 20);
        MemoryMap map = new();
        map.AddRam(range, out _);
        _ram = new(range);
        _zone = new(range, _ram);
        Memory = new(map, [_zone], new() { HugePages = options.HugePages, FaultAroundPages = 1, UsesHugeZeroPage = options.UsesHugeZeroPage, UsesZeroPage = options.UsesZeroPage, Warn = Warnings.Add });
        Group = options.IsCharged ? Memory.CreateGroup("everybody", 1UL << 40) : null;
        for (int i = 0; i < options.Devices; i++)
        {
            Devices.Add(new(Memory, $"device{i}"));
        }

        if (options.SwapPages != 0)
        {
            Assert.Equal(Errno.None, Memory.AddSwap(new MemorySwapStore((ulong)options.SwapPages), out SwapArea? swap));
            Swap = swap;
        }

        _freeAtRest = Memory.FreePages;
    }

    public WorldOptions Options { get; }

    public PhysicalMemory Memory { get; }

    public MemoryGroup? Group { get; }

    public SwapArea? Swap { get; }

    /// <summary>What the kernel would warn of: nothing.</summary>
    public List<string> Warnings { get; } = [];

    public List<TestDevice> Devices { get; } = [];

    public List<Process> Processes { get; } = [];

    public List<SharedMemoryFile> Files { get; } = [];

    /// <summary>Whether nothing is left of the last run.</summary>
    public bool IsClean { get; set; } = true;

    public TestDevice Device => Devices[0];

    /// <summary>A value that nobody has written yet.</summary>
    public ulong NextValue() => Interlocked.Increment(ref _lastValue) << 8;

    public Process Spawn(string name, int pages, params int[] watched) => Spawn(name, pages, file: null, watched);

    public Process Spawn(string name, int pages, MemoryFile? file, params int[] watched)
    {
        AddressSpace space = new(Memory, name, Group);
        MapRequest request = new((ulong)pages << PageSize.Shift4K, Protection.ReadWrite) { Address = new(Process.Start), IsFixed = true, File = file, IsShared = file is not null };
        Assert.Equal(Errno.None, space.TryMap(request, out _));
        Process process = new(this, space, pages, watched.Length == 0 ? [.. Enumerable.Range(0, pages)] : watched);
        Processes.Add(process);
        return process;
    }

    public SharedMemoryFile Share(int pages)
    {
        SharedMemoryFile file = new(Memory, "shared", (ulong)pages << PageSize.Shift4K);
        Files.Add(file);
        return file;
    }

    /// <summary>After a run: every page holds what it should, the counts are right, and nothing is left once all have ended.</summary>
    public void Finish()
    {
        MemoryAudit.Check(this);
        foreach (Process process in Processes.Where(static process => !process.Space.IsDisposed))
        {
            foreach (int page in process.Watched.Where(page => !process.Gone[page]))
            {
                process.Read(page);
            }
        }

        MemoryAudit.Check(this);
        foreach (Process process in Processes)
        {
            process.Mirrors.ForEach(static mirror => mirror.Dispose());
            process.Space.Dispose();
        }

        Processes.Clear();
        Files.ForEach(static file => file.Dispose());
        Files.Clear();
        MemoryAudit.Check(this);
        Assert.Equal(0, Memory.PageTables);
        Assert.Equal(0, Memory.Pins);
        Assert.Equal(0, Memory.UsedSwapSlots);
        Assert.Equal(0, Group?.ChargedPages ?? 0);
        Assert.True(Memory.FreePages == _freeAtRest || (Options.UsesHugeZeroPage && Memory.FreePages == _freeAtRest - AddressSpace.PagesPerHuge), $"{_freeAtRest - Memory.FreePages} pages are not back");
        foreach (TestDevice device in Devices)
        {
            Assert.Equal(device.Pool.Pages, device.Pool.FreePages);
            Assert.Equal(0, device.Pagemap.UserCount);
        }

        Assert.Empty(Warnings);
        IsClean = true;
    }

    /// <summary>Gives native memory back after a run that failed: page tables, counts and locks are as they may be.</summary>
    public void Dispose()
    {
        Devices.ForEach(static device => device.Abandon());
        Memory.Tables.Dispose();
        _zone.Dispose();
        _ram.Dispose();
    }
}
