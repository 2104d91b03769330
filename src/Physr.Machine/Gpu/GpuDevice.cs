// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Gpu.Compute;
using Physr.Machine.Gpu.Mmu;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu;

/// <summary>A GPU as a DMA peer: memory larger than the aperture (BAR 2) that shows a movable window of it, a copy engine that
/// masters the bus, and a compute engine that works on virtual addresses through page tables of the GPU's own, with faults that a driver can mend. No shaders.</summary>
/// <remarks>A move of the window takes effect at once: what <see cref="TryGetBarMemory"/> said before must not be kept over it.</remarks>
public sealed partial class GpuDevice : WordRegisterDevice
{
    private readonly GpuOptions _options;

    /// <summary>Makes a GPU.</summary>
    /// <exception cref="ArgumentException">The sizes do not fit together.</exception>
    public GpuDevice(string name, GpuOptions options)
        : base(name, MakeProfile(options))
    {
        if (!BitOperations.IsPow2(options.ApertureSize) || options.ApertureSize < GpuRegisters.WindowAlignment)
        {
            throw new ArgumentException($"An aperture of 0x{options.ApertureSize:x} bytes is no power of two of at least 1 MiB.", nameof(options));
        }

        if (options.MemorySize < options.ApertureSize || options.MemorySize % GpuRegisters.WindowAlignment != 0)
        {
            throw new ArgumentException($"Memory of 0x{options.MemorySize:x} bytes is smaller than the aperture or no multiple of 1 MiB.", nameof(options));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(options.PieceSize, 8);
        ArgumentOutOfRangeException.ThrowIfZero(options.MemoryBytesPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(options.Lanes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Lanes, GpuComputeRegisters.MaxLanes);
        _options = options;
        Memory = new(name, options.MemorySize);
        Mmu = new(this);
        Faults = new(this);
        Compute = new(this, options.Lanes);
    }

    /// <summary>The memory behind the aperture.</summary>
    public SparseMemory Memory { get; }

    /// <summary>Which byte of the memory the aperture's first byte shows.</summary>
    public ulong WindowBase { get; private set; }

    internal GpuOptions Options => _options;

    /// <summary>The bus, for the GPU's units.</summary>
    internal IDeviceBus Link => Bus;

    internal GpuMmu Mmu { get; }

    internal GpuFaultUnit Faults { get; }

    internal GpuComputeEngine Compute { get; }

    /// <inheritdoc/>
    public override void Reset()
    {
        StopEngine();
        Compute.Reset();
        Faults.Reset();
        Mmu.Reset();
        WindowBase = 0;
        _windowLow = 0;
        _isWindowRefused = false;
        _commandRing = 0;
        _completionRing = 0;
        _ringLog2 = 0;
    }

    /// <inheritdoc/>
    public override bool TryGetBarMemory(int bar, ulong offset, out SparseMemory? memory, out ulong memoryOffset, out ulong length)
    {
        if (bar != GpuRegisters.ApertureBar || offset >= _options.ApertureSize)
        {
            return base.TryGetBarMemory(bar, offset, out memory, out memoryOffset, out length);
        }

        memory = Memory;
        memoryOffset = WindowBase + offset;
        length = _options.ApertureSize - offset;
        return true;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Memory.Dispose();
        }

        base.Dispose(disposing);
    }

    private static DeviceProfile MakeProfile(GpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);

        // Class 03 02 00: a 3D controller (PCI Code and ID Assignment Specification, section 1.4).
        return new(
            options.VendorId,
            options.DeviceId,
            0x03_02_00,
            [
                new BarProfile(GpuRegisters.RegisterBar, GpuRegisters.RegisterBarSize),
                new BarProfile(GpuRegisters.ApertureBar, options.ApertureSize, Is64Bit: true, IsPrefetchable: true),
            ],
            options.Vectors);
    }
}
