// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu;
using Physr.Machine.Gpu.Host;
using Physr.Machine.Gpu.Spec;
using Physr.Machine.Simulation;
using Physr.Machine.Tests.Infrastructure;

namespace Physr.Machine.Tests.Gpu;

/// <summary>A GPU with 34 MiB of memory, all drivers open, one context, on a fake host with 8 MiB of the test's own.</summary>
internal sealed class GpuMmuFixture : IDisposable
{
    public const int UserBytes = 8 << 20;
    public const GpuPageFlags Writable = GpuPageFlags.Writable;
    public const GpuPageFlags Exclusive = GpuPageFlags.Writable | GpuPageFlags.Atomic;

    public GpuMmuFixture(ulong seed, int faultEntries = 64, int lanes = 16, ulong invalidateNanoseconds = 500, ulong allocatable = 32UL << 20)
    {
        Scheduler = new(seed);
        Device = new("gpu0", new()
        {
            MemorySize = GpuFixture.MemorySize, ApertureSize = GpuFixture.ApertureSize, Lanes = lanes,
            InvalidateDelay = SimTime.FromNanoseconds(invalidateNanoseconds),
        });
        Host = new(Scheduler, UserBytes);
        Host.Plug(Device);
        Memory = new(0, allocatable);
        Assert.Equal(Errno.None, GpuDriver.TryOpen(Host, 16, out GpuDriver? copy));
        Copy = copy!;
        Assert.Equal(Errno.None, GpuMmuDriver.TryOpen(Host, Memory, faultEntries, out GpuMmuDriver? mmu));
        Mmu = mmu!;
        Assert.Equal(Errno.None, GpuComputeDriver.TryOpen(Host, Mmu, 8, out GpuComputeDriver? compute));
        Compute = compute!;
        Context = CreateContext();
    }

    public Scheduler Scheduler { get; }

    public GpuDevice Device { get; }

    public FakeHost Host { get; }

    public GpuMemoryAllocator Memory { get; }

    public GpuDriver Copy { get; }

    public GpuMmuDriver Mmu { get; }

    public GpuComputeDriver Compute { get; }

    public GpuContext Context { get; }

    public static VirtualAddress At(ulong address) => new(address);

    public static GpuPageTarget User(ulong offset) => GpuPageTarget.System(new(FakeHost.Base + offset));

    public GpuContext CreateContext()
    {
        Assert.Equal(Errno.None, Mmu.TryCreateContext(out GpuContext? context));
        return context!;
    }

    public ulong Allocate(int order = 0)
    {
        Assert.Equal(Errno.None, Memory.TryAllocate(order, "test", out ulong offset));
        return offset;
    }

    public void Map(ulong address, ulong length, GpuPageTarget target, GpuPageFlags flags = Writable) =>
        Assert.Equal(Errno.None, Context.TryMap(At(address), length, target, flags));

    public GpuComputeResult Wait(IGpuFaultHandler? handler = null)
    {
        Assert.Equal(Errno.None, Compute.Wait(handler, out GpuComputeResult result));
        return result;
    }

    public GpuComputeResult Transform(ulong address, ulong length = 8, ulong key = 7, IGpuFaultHandler? handler = null)
    {
        Assert.Equal(Errno.None, Compute.TryTransform(Context, At(address), length, key, 1));
        return Wait(handler);
    }

    public GpuComputeResult Run(in GpuComputeCommand command, IGpuFaultHandler? handler = null)
    {
        Assert.Equal(Errno.None, Compute.TryPost(command, 9));
        return Wait(handler);
    }

    /// <summary>The word at a target.</summary>
    public ulong Word(GpuPageTarget target)
    {
        byte[] bytes = Bytes(target, 8);
        return BitConverter.ToUInt64(bytes);
    }

    public byte[] Bytes(GpuPageTarget target, int length)
    {
        byte[] bytes = new byte[length];
        if (target.Aperture == GpuAperture.Local)
        {
            Device.Memory.Read(target.Value, bytes);
        }
        else
        {
            Host.At(target.Value, length).CopyTo(bytes);
        }

        return bytes;
    }

    public void Set(GpuPageTarget target, ReadOnlySpan<byte> bytes)
    {
        if (target.Aperture == GpuAperture.Local)
        {
            Device.Memory.Write(target.Value, bytes);
        }
        else
        {
            bytes.CopyTo(Host.At(target.Value, bytes.Length));
        }
    }

    public void Set(GpuPageTarget target, ulong word) => Set(target, BitConverter.GetBytes(word));

    public void Dispose()
    {
        Compute.Dispose();
        Mmu.Dispose();
        Copy.Dispose();
        Assert.Equal(0, Mmu.TablesInUse);
        Assert.DoesNotContain(Memory.OutstandingPages, static page => page.Purpose != "test");
        Assert.Equal(0, Host.LiveBuffers);
        Device.Dispose();
    }
}
