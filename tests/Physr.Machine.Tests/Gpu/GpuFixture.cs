// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Gpu;

/// <summary>A GPU with 34 MiB of memory behind a 2 MiB aperture, on a fake host.</summary>
internal sealed class GpuFixture : IDisposable
{
    public const ulong MemorySize = 34UL << 20;
    public const ulong ApertureSize = 2UL << 20;

    public GpuFixture(ulong seed, bool open = true)
    {
        Scheduler = new(seed);
        Device = new("gpu0", new() { MemorySize = MemorySize, ApertureSize = ApertureSize, PieceSize = 4096 });
        Host = new(Scheduler, 1 << 20);
        Host.Plug(Device);
        if (open)
        {
            Assert.Equal(Errno.None, GpuDriver.TryOpen(Host, 16, out GpuDriver? driver));
            Driver = driver!;
        }
    }

    public Scheduler Scheduler { get; }

    public GpuDevice Device { get; }

    public FakeHost Host { get; }

    public GpuDriver Driver { get; set; } = null!;

    public GpuJobCompletion Wait()
    {
        Assert.Equal(Errno.None, Driver.Wait(out GpuJobCompletion completion));
        return completion;
    }

    public byte[] Read(ulong offset, int length)
    {
        byte[] bytes = new byte[length];
        Device.Memory.Read(offset, bytes);
        return bytes;
    }

    public void Dispose()
    {
        Driver?.Dispose();
        Assert.Equal(0, Host.LiveBuffers);
        Device.Dispose();
    }
}
