// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Nvme.Host;
using Physr.Machine.Simulation;

namespace Physr.Machine.Host;

/// <summary>The simulated host as the NVMe driver sees it.</summary>
internal sealed class NvmeHostPort : INvmeHost
{
    private readonly IDeviceHost _host;
    private readonly Scheduler _scheduler;

    public NvmeHostPort(IDeviceHost host, Scheduler scheduler)
    {
        _host = host;
        _scheduler = scheduler;
    }

    public SimTime Now => _scheduler.Now;

    public uint ReadRegister32(ulong offset) => _host.ReadRegister32(0, offset);

    public ulong ReadRegister64(ulong offset) => _host.ReadRegister64(0, offset);

    public void WriteRegister32(ulong offset, uint value) => _host.WriteRegister32(0, offset, value);

    public void WriteRegister64(ulong offset, ulong value) => _host.WriteRegister64(0, offset, value);

    public Errno Allocate(ulong bytes, out INvmeHostBuffer? buffer)
    {
        buffer = null;
        try
        {
            buffer = new Buffer(_host.Allocate(bytes, "NVMe queues and lists"));
            return Errno.None;
        }
        catch (PhysrException failure) when (failure.Errno == Errno.ENOMEM)
        {
            return Errno.ENOMEM;
        }
    }

    public bool Step() => _host.Step();

    private sealed class Buffer(IDeviceBuffer memory) : INvmeHostBuffer
    {
        public Span<byte> Bytes => memory.Bytes;

        public DmaAddress Address => memory.Address;

        public void Dispose() => memory.Dispose();
    }
}
