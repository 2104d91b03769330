// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Devices;
using Physr.Machine.Gpu;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Tests.Gpu;

public sealed class GpuApertureTests
{
    [Fact]
    public void TheApertureShowsTheWindow_AndMovesTakeEffectAtOnce()
    {
        using GpuFixture fixture = new(1);
        fixture.Device.Memory.Write(0, "low"u8);
        fixture.Device.Memory.Write(20UL << 20, "high"u8);
        Assert.Equal("low"u8, Aperture(fixture, 0, 3));
        Assert.Equal(Errno.None, fixture.Driver.MoveWindow(19UL << 20));
        Assert.Equal("high"u8, Aperture(fixture, 1 << 20, 4));
        byte[] viaRegister = new byte[4];
        fixture.Device.ReadRegister(GpuRegisters.ApertureBar, 1 << 20, viaRegister);
        Assert.Equal("high"u8, viaRegister);
        fixture.Device.WriteRegister(GpuRegisters.ApertureBar, (1 << 20) + 1, "OP"u8);
        Assert.Equal("hOPh"u8, fixture.Read(20UL << 20, 4));
    }

    [Theory]
    [InlineData(1UL)]
    [InlineData(0x8_0000UL)]
    [InlineData(33UL << 20)]
    [InlineData(1UL << 40)]
    [InlineData(0xFFFF_FFFF_FFF0_0000UL)]
    public void AWindowThatIsMisalignedOrLeavesMemory_IsRefusedAndTheOldOneStays(ulong windowBase)
    {
        using GpuFixture fixture = new(1);
        Assert.Equal(Errno.None, fixture.Driver.MoveWindow(32UL << 20));
        Assert.Equal(Errno.EINVAL, fixture.Driver.MoveWindow(windowBase));
        Assert.Equal(32UL << 20, fixture.Device.WindowBase);
        Assert.Equal(Errno.None, fixture.Driver.MoveWindow(0));
    }

    [Fact]
    public void OnlyTheAperturesOwnBytesAreMemory()
    {
        using GpuFixture fixture = new(1);
        Assert.True(fixture.Device.TryGetBarMemory(2, GpuFixture.ApertureSize - 1, out SparseMemory? memory, out ulong offset, out ulong length));
        Assert.Same(fixture.Device.Memory, memory);
        Assert.Equal(GpuFixture.ApertureSize - 1, offset);
        Assert.Equal(1UL, length);
        Assert.False(fixture.Device.TryGetBarMemory(2, GpuFixture.ApertureSize, out _, out _, out _));
        Assert.False(fixture.Device.TryGetBarMemory(0, 0, out _, out _, out _));
        byte[] beyond = [1, 2, 3, 4];
        fixture.Device.WriteRegister(2, GpuFixture.ApertureSize - 2, beyond);
        fixture.Device.ReadRegister(2, GpuFixture.ApertureSize - 2, beyond);
        Assert.Equal(new byte[4], beyond);
    }

    [Fact]
    public void SizesThatDoNotFitTogether_AreRefused()
    {
        Assert.Throws<ArgumentException>(() => new GpuDevice("g", new() { ApertureSize = 3UL << 20 }));
        Assert.Throws<ArgumentException>(() => new GpuDevice("g", new() { MemorySize = 1UL << 20, ApertureSize = 2UL << 20 }));
    }

    [Fact]
    public void AReset_ShowsTheStartAgainAndKeepsTheBytes()
    {
        using GpuFixture fixture = new(1);
        fixture.Device.Memory.Write(5UL << 20, "kept"u8);
        fixture.Driver.MoveWindow(5UL << 20);
        fixture.Device.Reset();
        Assert.Equal(0UL, fixture.Device.WindowBase);
        Assert.Equal("kept"u8, fixture.Read(5UL << 20, 4));
    }

    private static byte[] Aperture(GpuFixture fixture, ulong offset, int length)
    {
        Assert.True(fixture.Device.TryGetBarMemory(GpuRegisters.ApertureBar, offset, out SparseMemory? memory, out ulong at, out _));
        byte[] bytes = new byte[length];
        memory!.Read(at, bytes);
        return bytes;
    }
}
