// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <summary>The host's driver of a <see cref="GpuDevice"/>: window and copy engine. Not thread-safe; allocates nothing after it was opened.</summary>
public sealed partial class GpuDriver : IDisposable
{
    private const int StepsBetweenLooks = 256;

    private readonly IDeviceHost _host;
    private readonly IDeviceBuffer _rings;
    private readonly int _log2;
    private readonly Slot[] _slots;
    private uint _posted;
    private uint _taken;
    private GpuCompletionStatus _jobStatus;
    private BusStatus _jobBusStatus;
    private int _pagesOutstanding;
    private bool _disposed;

    private GpuDriver(IDeviceHost host, IDeviceBuffer rings, int log2)
    {
        _host = host;
        _rings = rings;
        _log2 = log2;
        _slots = new Slot[1 << log2];
        _kept = new(1 << log2);
    }

    /// <summary>Bytes of the GPU's memory.</summary>
    public ulong MemorySize { get; private set; }

    /// <summary>Bytes of the aperture.</summary>
    public ulong ApertureSize { get; private set; }

    /// <summary>Commands posted and not completed.</summary>
    public int Outstanding => (int)(_posted - _taken);

    /// <summary>Resets the copy engine and gives it rings.</summary>
    /// <param name="host">The GPU's host.</param>
    /// <param name="entries">Most commands outstanding; rounded up to a power of two.</param>
    /// <param name="driver">The driver.</param>
    /// <returns><see cref="Errno.EINVAL"/> when the ring would be longer than the device takes, <see cref="Errno.ENODEV"/> when nothing answers,
    /// <see cref="Errno.EIO"/> when the device cannot work, or what <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    public static Errno TryOpen(IDeviceHost host, int entries, out GpuDriver? driver)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(entries);
        driver = null;
        int log2 = System.Numerics.BitOperations.Log2(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)entries));
        if (log2 > GpuRegisters.MaxRingLog2)
        {
            return Errno.EINVAL;
        }

        uint version = host.ReadRegister32(GpuRegisters.RegisterBar, GpuRegisters.Version);
        if (version == uint.MaxValue || version >> 16 != GpuRegisters.Version10 >> 16)
        {
            return Errno.ENODEV;
        }

        ulong commandBytes = Math.Max(64, (ulong)GpuRegisters.CommandSize << log2);
        ulong completionBytes = (ulong)GpuRegisters.CompletionSize << log2;
        Errno errno = host.TryAllocate(commandBytes + completionBytes, "GPU copy engine", out IDeviceBuffer? rings);
        if (errno != Errno.None)
        {
            return errno;
        }

        GpuDriver opened = new(host, rings!, log2);
        errno = opened.Start(commandBytes);
        if (errno != Errno.None)
        {
            opened.Dispose();
            return errno;
        }

        driver = opened;
        return Errno.None;
    }

    /// <summary>Moves the window that the aperture shows.</summary>
    /// <param name="memoryOffset">The memory offset of the aperture's first byte, a multiple of 1 MiB.</param>
    /// <returns><see cref="Errno.EINVAL"/> when the device refuses it: the window is where it was.</returns>
    public Errno MoveWindow(ulong memoryOffset)
    {
        _host.WriteRegister64(GpuRegisters.RegisterBar, GpuRegisters.WindowBase, memoryOffset);
        uint status = _host.ReadRegister32(GpuRegisters.RegisterBar, GpuRegisters.Status);
        if (status == uint.MaxValue)
        {
            return Errno.ENODEV;
        }

        return (status & GpuRegisters.StatusWindowError) != 0 ? Errno.EINVAL : Errno.None;
    }

    /// <summary>Takes the next job that ended, if any. When it failed, the engine is started again for jobs posted from now on; those posted before it was noticed
    /// end as aborted.</summary>
    public bool TryPoll(out GpuJobCompletion completion)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_kept.TryDequeue(out completion))
        {
            return true;
        }

        while (TryTake(out completion, out bool isPages))
        {
            if (!isPages)
            {
                return true;
            }

            // Of pages whose copying was given up.
            _pagesOutstanding--;
        }

        return false;
    }

    private bool TryTake(out GpuJobCompletion completion, out bool isPages)
    {
        completion = default;
        isPages = false;
        while (Outstanding != 0)
        {
            int index = (int)(_taken & ((1U << _log2) - 1));
            GpuCompletion entry = GpuCompletion.Read(_rings.Bytes[(int)(CompletionOffset + (ulong)(index * GpuRegisters.CompletionSize))..]);
            if (entry.Phase != GpuCompletion.PhaseOf(_taken, _log2))
            {
                return false;
            }

            if (entry.CommandCount != _taken)
            {
                throw new PhysrException("poll", "GPU copy engine", Errno.EIO, $"completion of command {entry.CommandCount} where {_taken} is due");
            }

            _taken++;
            if (_jobStatus == GpuCompletionStatus.Success && entry.Status != GpuCompletionStatus.Success)
            {
                _jobStatus = entry.Status;
                _jobBusStatus = (BusStatus)entry.BusStatus;
            }

            if (entry.Status is not (GpuCompletionStatus.Success or GpuCompletionStatus.Aborted))
            {
                _host.WriteRegister32(GpuRegisters.RegisterBar, GpuRegisters.Resume, 1);
            }

            Slot slot = _slots[index];
            if (slot.IsLast)
            {
                completion = new(slot.Id, _jobStatus, _jobBusStatus);
                isPages = slot.IsPages;
                _jobStatus = GpuCompletionStatus.Success;
                _jobBusStatus = BusStatus.Success;
                return true;
            }
        }

        return false;
    }

    /// <summary>Runs the machine until a job has ended.</summary>
    /// <returns><see cref="Errno.None"/>, or why none will: <see cref="Errno.ENODEV"/> gone, <see cref="Errno.EIO"/> failed, <see cref="Errno.ETIMEDOUT"/> nothing
    /// waits any more.</returns>
    public Errno Wait(out GpuJobCompletion completion)
    {
        for (uint steps = 1; ; steps++)
        {
            if (TryPoll(out completion))
            {
                return Errno.None;
            }

            bool ran = _host.Step();
            if (ran && steps % StepsBetweenLooks != 0)
            {
                continue;
            }

            Errno errno = LookAtDevice();
            if (errno != Errno.None || !ran)
            {
                return errno != Errno.None ? errno : Errno.ETIMEDOUT;
            }
        }
    }

    /// <summary>Stops the engine and gives the rings back; jobs without an end get none.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _host.WriteRegister32(GpuRegisters.RegisterBar, GpuRegisters.Control, 0);
            _rings.Dispose();
        }
    }

    private ulong CompletionOffset => Math.Max(64, (ulong)GpuRegisters.CommandSize << _log2);

    private Errno Start(ulong completionOffset)
    {
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuRegisters.Control, 0);
        _host.WriteRegister64(GpuRegisters.RegisterBar, GpuRegisters.CommandRing, _rings.Address.Value);
        _host.WriteRegister64(GpuRegisters.RegisterBar, GpuRegisters.CompletionRing, _rings.Address.Add(completionOffset).Value);
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuRegisters.RingLog2, (uint)_log2);
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuRegisters.Control, GpuRegisters.ControlEnable);
        MemorySize = _host.ReadRegister64(GpuRegisters.RegisterBar, GpuRegisters.MemorySize);
        ApertureSize = _host.ReadRegister64(GpuRegisters.RegisterBar, GpuRegisters.ApertureSize);
        return LookAtDevice();
    }

    private Errno LookAtDevice()
    {
        uint status = _host.ReadRegister32(GpuRegisters.RegisterBar, GpuRegisters.Status);
        if (status == uint.MaxValue)
        {
            return Errno.ENODEV;
        }

        return (status & GpuRegisters.StatusFatal) != 0 || (status & GpuRegisters.StatusReady) == 0 ? Errno.EIO : Errno.None;
    }

    private record struct Slot(ulong Id, bool IsLast, bool IsPages = false);
}
