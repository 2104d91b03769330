// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Mirror;
using Physr.Hmm;
using Physr.Machine.Devices;
using Physr.Machine.Fabric;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Scenarios;
using Physr.Mm;

namespace Physr.Machine.Svm;

/// <summary>The driver that lets a GPU work on a process's memory by the process's own addresses (shared virtual memory): it mirrors page tables, serves the GPU's faults, moves pages into memory that the
/// CPU cannot address and back, and makes room there.</summary>
/// <remarks>One process at a time. On the machine's thread, and never from inside an event: what it does steps the machine.</remarks>
internal sealed partial class SvmDriver : IGpuFaultHandler, IDisposable
{
    private const int MostPages = 512;
    private const int CopyRing = 512;
    private const int FaultRing = 256;
    private const int JobRing = 16;

    private readonly SimulatedMachine _machine;
    private readonly FabricNode _node;
    private readonly SvmRouteSpec _route;
    private readonly GpuMemoryAllocator _tableMemory;
    private readonly List<PagePair> _failed = [];
    private readonly PrivateMemory _private;
    private readonly ulong[] _virtualPages;
    private GpuDriver? _engine;
    private GpuMmuDriver? _mmu;
    private GpuComputeDriver? _compute;
    private GpuContext? _context;
    private PageMover? _mover;
    private MirrorMapping? _dma;
    private ProcessMirror? _mirror;
    private AddressSpace? _space;
    private AreaMigration? _in;
    private AreaMigration? _home;
    private DeviceMigration? _out;
    private SvmStatistics _statistics;

    /// <summary>Starts the GPU and gives a part of its memory page descriptors.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="node">The GPU.</param>
    /// <param name="route">How it reaches the process's memory.</param>
    /// <param name="privateBytes">How much of its memory processes' pages may be in; the rest holds its page tables.</param>
    /// <exception cref="PhysrException">It does not start, or the memory map refuses.</exception>
    public SvmDriver(SimulatedMachine machine, FabricNode node, SvmRouteSpec route, ulong privateBytes)
    {
        _machine = machine;
        _node = node;
        _route = route;
        _tableMemory = new(privateBytes, Alignment.Down(node.Spec.MemoryBytes - privateBytes, PageSize.Size2M));
        _private = new(machine.Map, node.Name, privateBytes, route.Numbering, this, BringHome);
        _virtualPages = new ulong[_private.Pool.Pages];
        try
        {
            Open(machine.HostOf(node));
        }
        catch (PhysrException)
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What it did.</summary>
    public SvmStatistics Statistics => _statistics;

    /// <summary>The memory that the CPU cannot address.</summary>
    public PrivateMemory Private => _private;

    /// <summary>Whether the GPU is still served.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The GPU's page tables, faults and invalidations.</summary>
    public GpuMmuDriver Mmu => _mmu!;

    /// <summary>Its jobs.</summary>
    public GpuComputeDriver Compute => _compute!;

    /// <summary>The process's address space on the GPU.</summary>
    public GpuContext Context => _context!;

    /// <summary>What moved the bytes.</summary>
    public PageMover Mover => _mover!;

    /// <summary>Times that something was taken from the GPU.</summary>
    public long Drops => _mirror?.Drops ?? 0;

    /// <summary>Lets the GPU work on a range of a process's memory.</summary>
    /// <param name="space">The process.</param>
    /// <param name="range">Whole 2 MiB.</param>
    /// <exception cref="PhysrException">Its pages in RAM cannot be mapped for the GPU.</exception>
    public void Mirror(AddressSpace space, AddressRange<VirtualAddress> range)
    {
        DmaDevice device = _machine.DmaOf(_node);
        int pages = checked((int)(range.Length >> PageSize.Shift4K));
        Require(MirrorMapping.TryCreate(_machine.Mapper, _machine.Map, _machine.Routes, device, pages, PageSize.Size4K, out _dma), "mirror memory");
        _space = space;
        _mirror = new(space, range, _context!, _dma!, this);
        _in = new(space.Memory, this);
        _home = new(space.Memory, this);
        _out = new(space.Memory, this);
    }

    /// <summary>Gives everything back once the process has ended, and names what could not be.</summary>
    public IReadOnlyList<string> Close()
    {
        IsOpen = false;
        List<string> leaked = [];
        if (_private.Remove() is { } kept)
        {
            leaked.Add(kept);
        }

        _mirror?.Dispose();
        _dma?.Dispose();
        _compute?.Dispose();
        if (_context is { MappedPages: var mapped and not 0 })
        {
            leaked.Add($"{mapped} pages mapped for {_node.Name}");
        }

        _context?.Dispose();
        if (_mmu is { TablesInUse: var tables and not 0 })
        {
            leaked.Add($"{tables} page tables of {_node.Name}");
        }

        _mmu?.Dispose();
        _engine?.Dispose();
        if (_tableMemory.Outstanding != 0)
        {
            leaked.Add($"{_tableMemory.Outstanding} allocations of memory of {_node.Name}");
        }

        return leaked;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mirror?.Dispose();
        _dma?.Dispose();
        _compute?.Dispose();
        _context?.Dispose();
        _mmu?.Dispose();
        _engine?.Dispose();
    }

    private void Open(IDeviceHost host)
    {
        Require(GpuDriver.TryOpen(host, CopyRing, out _engine), "open copy engine");
        Require(GpuMmuDriver.TryOpen(host, _tableMemory, FaultRing, out _mmu), "open page tables");
        Require(GpuComputeDriver.TryOpen(host, _mmu!, JobRing, out _compute), "open compute engine");
        Require(_mmu!.TryCreateContext(out _context), "create context");
        _mover = new(_machine, _machine.DmaOf(_node), _engine!);
        IsOpen = true;
    }

    private void Require(Errno errno, string operation)
    {
        if (errno != Errno.None)
        {
            throw new PhysrException(operation, _node.Name, errno, "the GPU cannot be used");
        }
    }
}
