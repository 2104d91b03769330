// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;

namespace Physr.Machine.Gpu.Host;

/// <summary>The host's driver of a GPU's compute engine. Not thread-safe; allocates nothing after it was opened.</summary>
public sealed partial class GpuComputeDriver : IDisposable
{
    /// <summary>How many rounds of faults may be served without a piece of work done before the next ones are cancelled.</summary>
    public const int FruitlessRounds = 1024;

    private const int StepsBetweenLooks = 256;

    /// <summary>From a fault's interrupt to its service: what faults meanwhile is served with it.</summary>
    private static readonly SimTime s_interruptLatency = SimTime.FromNanoseconds(2000);

    private readonly IDeviceHost _host;
    private readonly GpuMmuDriver _mmu;
    private readonly IDeviceBuffer _rings;
    private readonly int _log2;
    private readonly ulong[] _ids;
    private uint _posted;
    private uint _taken;
    private ulong _progress;
    private int _fruitless;
    private bool _disposed;

    private GpuComputeDriver(IDeviceHost host, GpuMmuDriver mmu, IDeviceBuffer rings, int log2)
    {
        _host = host;
        _mmu = mmu;
        _rings = rings;
        _log2 = log2;
        _ids = new ulong[1 << log2];
    }

    /// <summary>Accesses that the engine has under way at a time.</summary>
    public int Lanes { get; private set; }

    /// <summary>Jobs posted and not completed.</summary>
    public int Outstanding => (int)(_posted - _taken);

    /// <summary>Resets the compute engine and gives it rings.</summary>
    /// <param name="host">The GPU's host.</param>
    /// <param name="mmu">The driver of its memory management.</param>
    /// <param name="entries">Most jobs outstanding; rounded up to a power of two.</param>
    /// <param name="driver">The driver.</param>
    /// <returns><see cref="Errno.EINVAL"/> when the ring would be longer than the device takes, <see cref="Errno.ENODEV"/> when nothing answers,
    /// <see cref="Errno.EIO"/> when the device cannot work, or what <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    public static Errno TryOpen(IDeviceHost host, GpuMmuDriver mmu, int entries, out GpuComputeDriver? driver)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(mmu);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(entries);
        driver = null;
        int log2 = System.Numerics.BitOperations.Log2(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)entries));
        if (log2 > GpuRegisters.MaxRingLog2)
        {
            return Errno.EINVAL;
        }

        ulong bytes = (ulong)(GpuComputeRegisters.CommandSize + GpuComputeRegisters.CompletionSize) << log2;
        Errno errno = host.TryAllocate(bytes, "GPU compute engine", out IDeviceBuffer? rings);
        if (errno != Errno.None)
        {
            return errno;
        }

        GpuComputeDriver opened = new(host, mmu, rings!, log2);
        errno = opened.Start();
        if (errno != Errno.None)
        {
            opened.Dispose();
            return errno;
        }

        driver = opened;
        return Errno.None;
    }

    /// <summary>Takes the next job that ended, if any.</summary>
    public bool TryPoll(out GpuComputeResult result)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        result = default;
        if (Outstanding == 0)
        {
            return false;
        }

        int index = (int)(_taken & ((1U << _log2) - 1));
        GpuComputeCompletion entry = GpuComputeCompletion.Read(_rings.Bytes[(int)(CompletionOffset + (ulong)(index * GpuComputeRegisters.CompletionSize))..]);
        if (entry.Phase != GpuCompletion.PhaseOf(_taken, _log2))
        {
            return false;
        }

        if (entry.CommandCount != _taken)
        {
            throw new PhysrException("poll", "GPU compute engine", Errno.EIO, $"completion of command {entry.CommandCount} where {_taken} is due");
        }

        _taken++;
        result = new(_ids[index], entry.Status, (BusStatus)entry.BusStatus, entry.Result, new(entry.Address), entry.Done);
        return true;
    }

    /// <summary>Runs the machine until a job has ended, and serves the faults that come meanwhile.</summary>
    /// <param name="handler">Who serves them; null cancels each.</param>
    /// <param name="result">The job's end.</param>
    /// <returns><see cref="Errno.None"/>, or why none will: <see cref="Errno.ENODEV"/> gone, <see cref="Errno.EIO"/> failed, <see cref="Errno.ETIMEDOUT"/> nothing
    /// waits any more.</returns>
    public Errno Wait(IGpuFaultHandler? handler, out GpuComputeResult result)
    {
        for (uint steps = 1; ; steps++)
        {
            if (TryPoll(out result))
            {
                return Errno.None;
            }

            if (_mmu.HasFaults)
            {
                Serve(handler);
                continue;
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
            _host.WriteRegister32(GpuRegisters.RegisterBar, GpuComputeRegisters.Control, 0);
            _rings.Dispose();
        }
    }

    private ulong CompletionOffset => (ulong)GpuComputeRegisters.CommandSize << _log2;

    private void Serve(IGpuFaultHandler? handler)
    {
        SimTime until = _host.Now.Add(s_interruptLatency);
        while (_host.Now.CompareTo(until) < 0 && _host.Step())
        {
        }

        ulong progress = _host.ReadRegister64(GpuRegisters.RegisterBar, GpuComputeRegisters.Progress);
        _fruitless = progress == _progress ? _fruitless + 1 : 0;
        _progress = progress;
        if (_fruitless > FruitlessRounds)
        {
            _fruitless = 0;
            handler = null;
        }

        _mmu.ServiceFaults(handler);
    }

    private Errno Start()
    {
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuComputeRegisters.Control, 0);
        _host.WriteRegister64(GpuRegisters.RegisterBar, GpuComputeRegisters.CommandRing, _rings.Address.Value);
        _host.WriteRegister64(GpuRegisters.RegisterBar, GpuComputeRegisters.CompletionRing, _rings.Address.Add(CompletionOffset).Value);
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuComputeRegisters.RingLog2, (uint)_log2);
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuComputeRegisters.Control, GpuComputeRegisters.ControlEnable);
        Lanes = (int)_host.ReadRegister32(GpuRegisters.RegisterBar, GpuComputeRegisters.Lanes);
        return LookAtDevice();
    }

    private Errno LookAtDevice()
    {
        uint status = _host.ReadRegister32(GpuRegisters.RegisterBar, GpuComputeRegisters.Status);
        if (status == uint.MaxValue)
        {
            return Errno.ENODEV;
        }

        return (status & GpuComputeRegisters.StatusReady) == 0 ? Errno.EIO : Errno.None;
    }
}
