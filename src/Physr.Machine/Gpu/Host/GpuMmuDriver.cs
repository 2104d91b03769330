// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Machine.Devices;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>The host's driver of a GPU's memory management: contexts, page tables, invalidation, faults. It writes tables through the window in BAR 0, whole runs of entries
/// at a time, and remembers them, so that it reads none back. Not thread-safe; in the steady state it allocates nothing.</summary>
public sealed partial class GpuMmuDriver : IDisposable
{
    private readonly IDeviceHost _host;
    private readonly IDeviceBuffer _faultRing;
    private readonly int _log2;
    private readonly GpuContext?[] _contexts = new GpuContext?[GpuMmuRegisters.Contexts];
    private ulong _window = ulong.MaxValue;
    private uint _invalidations;
    private bool _disposed;

    private GpuMmuDriver(IDeviceHost host, IDeviceBuffer faultRing, int log2, GpuMemoryAllocator memory)
    {
        _host = host;
        _faultRing = faultRing;
        _log2 = log2;
        _records = new GpuFaultRecord[1 << log2];
        _faults = new GpuFault[1 << log2];
        _resolutions = new GpuFaultResolution[1 << log2];
        Tables = new(memory);
        MemorySize = host.ReadRegister64(GpuRegisters.RegisterBar, GpuRegisters.MemorySize);
    }

    /// <summary>Bytes of the GPU's memory.</summary>
    public ulong MemorySize { get; }

    /// <summary>Page tables in use, roots and tables in reserve among them.</summary>
    public int TablesInUse => Tables.Outstanding;

    /// <summary>Contexts that were not given back.</summary>
    public int ContextsInUse => _contexts.Count(static context => context is not null);

    /// <summary>What has happened; asks the device for its counters.</summary>
    public GpuMmuStatistics Statistics => _statistics with
    {
        Invalidations = _invalidations,
        TlbHits = _host.ReadRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.TlbHits),
        TlbMisses = _host.ReadRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.TlbMisses),
    };

    internal GpuTablePool Tables { get; }

    /// <summary>Forgets all contexts of the device and gives it a fault ring.</summary>
    /// <param name="host">The GPU's host.</param>
    /// <param name="memory">Where page tables come from.</param>
    /// <param name="faultEntries">Most faults recorded at a time; rounded up to a power of two.</param>
    /// <param name="driver">The driver.</param>
    /// <returns><see cref="Errno.EINVAL"/> when the ring would be longer than the device takes, <see cref="Errno.ENODEV"/> when nothing answers or the device has no
    /// page tables, <see cref="Errno.EIO"/> when it cannot work, or what <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    public static Errno TryOpen(IDeviceHost host, GpuMemoryAllocator memory, int faultEntries, out GpuMmuDriver? driver)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(faultEntries);
        driver = null;
        int log2 = System.Numerics.BitOperations.Log2(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)faultEntries));
        if (log2 > GpuRegisters.MaxRingLog2)
        {
            return Errno.EINVAL;
        }

        uint version = host.ReadRegister32(GpuRegisters.RegisterBar, GpuRegisters.Version);
        if (version == uint.MaxValue || version >> 16 != GpuRegisters.Version11 >> 16 || version < GpuRegisters.Version11)
        {
            return Errno.ENODEV;
        }

        Errno errno = host.TryAllocate((ulong)GpuFaultRecord.Size << log2, "GPU faults", out IDeviceBuffer? ring);
        if (errno != Errno.None)
        {
            return errno;
        }

        GpuMmuDriver opened = new(host, ring!, log2, memory);
        errno = opened.Start();
        if (errno != Errno.None)
        {
            opened.Dispose();
            return errno;
        }

        driver = opened;
        return Errno.None;
    }

    /// <summary>Makes an empty address space.</summary>
    /// <returns><see cref="Errno.ENOSPC"/> when the device has no more, <see cref="Errno.ENOMEM"/> where its root table is wanting.</returns>
    public Errno TryCreateContext(out GpuContext? context)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        context = null;
        int id = Array.IndexOf(_contexts, null);
        if (id < 0)
        {
            return Errno.ENOSPC;
        }

        GpuTable? root = Tables.Take(GpuPageEntry.Levels - 1);
        if (root is null)
        {
            return Errno.ENOMEM;
        }

        context = new(this, id, root);
        _contexts[id] = context;
        WriteRoot(id, root.Offset | GpuMmuRegisters.RootValid);
        return Errno.None;
    }

    /// <summary>Gives contexts, tables and the fault ring back; accesses that stand still at a fault end.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            foreach (GpuContext? context in _contexts)
            {
                context?.Dispose();
            }

            _disposed = true;
            _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.FaultControl, 0);
            _faultRing.Dispose();
            Tables.Dispose();
        }
    }

    /// <summary>Brings entries of a table to the GPU's memory.</summary>
    internal void Write(GpuTable table, int first, int count)
    {
        if (_window != table.Offset)
        {
            _window = table.Offset;
            _host.WriteRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.TableWindowBase, _window);
        }

        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(table.Entries.AsSpan(first, count));
        _host.WriteMemory(GpuRegisters.RegisterBar, GpuMmuRegisters.TableWindow + (ulong)(first * sizeof(ulong)), bytes);
    }

    internal void Forget(GpuContext context)
    {
        WriteRoot(context.Id, 0);
        Invalidate(context.Id, 0, 0, isWhole: true);
        _contexts[context.Id] = null;
    }

    internal Errno Invalidate(int context, ulong start, ulong length, bool isWhole)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        PostInvalidation(context, start, length, isWhole);
        return WaitForInvalidations();
    }

    private void PostInvalidation(int context, ulong start, ulong length, bool isWhole)
    {
        if (!isWhole)
        {
            _host.WriteRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.InvalidateStart, start);
            _host.WriteRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.InvalidateLength, length);
        }

        uint command = (uint)context | (isWhole ? GpuMmuRegisters.InvalidateWhole : 0);
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.Invalidate, command);
        _invalidations++;
    }

    private Errno WaitForInvalidations()
    {
        while (true)
        {
            uint done = _host.ReadRegister32(GpuRegisters.RegisterBar, GpuMmuRegisters.InvalidateDone);
            if (done - _invalidationsBefore == _invalidations)
            {
                return Errno.None;
            }

            if (done == uint.MaxValue)
            {
                return Errno.ENODEV;
            }

            if (!_host.Step())
            {
                return Errno.ETIMEDOUT;
            }
        }
    }

    private void WriteRoot(int id, ulong root) => _host.WriteRegister64(GpuRegisters.RegisterBar, GpuMmuRegisters.ContextRoots + ((ulong)id * 8), root);
}
