// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Dma.Iommufd;
using Physr.Dma.Iommufd.Uapi;

namespace Physr.Dma.Tests.Iommufd.Uapi;

/// <summary>The rules of the byte interface that hold for every command.</summary>
public sealed class CommandTests
{
    public static TheoryData<int> EveryCommand => [.. Enumerable.Range(IommufdCommands.First, IommufdCommands.All.Count)];

    [Fact]
    public void R71_cmd_fail()
    {
        using UapiRig rig = new();
        Assert.Equal(Errno.ENOENT, rig.Destroy(0));
        Assert.Equal(Errno.EFAULT, rig.Ioctl.Call(IommufdCommand.RequestOf(0x80), 0));
        Assert.Equal(Errno.ENOTTY, rig.Ioctl.Call(IommufdCommand.RequestOf(0x7f), UserProcess.Base));
        Assert.Equal(Errno.ENOTTY, rig.Ioctl.Call(IommufdCommand.RequestOf(0x96), UserProcess.Base));
        Assert.Equal(Errno.ENOTTY, rig.Ioctl.Call(0x80, UserProcess.Base));
        Assert.Equal(Errno.ENOTTY, rig.Ioctl.Call(IommufdCommand.RequestOf(0x80) | (1U << 30), UserProcess.Base));
    }

    [Theory]
    [MemberData(nameof(EveryCommand))]
    public void R71_cmd_length(int number)
    {
        Assert.True(IommufdCommands.TryFind(IommufdCommand.RequestOf((byte)number), out IommufdCommand command));
        using UapiRig rig = new();
        Errno exact = CallOfLength(rig, command, command.Size, tail: 0);
        Assert.Equal(Errno.EINVAL, CallOfLength(rig, command, command.MinimumSize - 1, tail: 0));
        Assert.Equal(Errno.EINVAL, CallOfLength(rig, command, 0, tail: 0));
        Assert.Equal(Errno.EINVAL, CallOfLength(rig, command, 3, tail: 0));
        Assert.Equal(Errno.E2BIG, CallOfLength(rig, command, command.Size + 1, tail: 0xff));
        Assert.Equal(exact, CallOfLength(rig, command, command.Size + 1, tail: 0));
        Assert.Equal(exact, CallOfLength(rig, command, command.Size + 1000, tail: 0));
        Assert.Equal(exact, CallOfLength(rig, command, command.MinimumSize, tail: 0));
        Assert.NotEqual(Errno.E2BIG, exact);
    }

    [Fact]
    public void R71_cmd_length_ATailThatLeavesTheProcessFaults()
    {
        using UapiRig rig = new(pages: 1);
        VirtualAddress end = UserProcess.Address(4096 - 8);
        rig.Process.Put(end, new IommuDestroy { Size = 9, Id = 0 });
        Assert.Equal(Errno.EFAULT, rig.Ioctl.Call(IommufdCommand.RequestOf(0x80), end.Value));
        rig.Process.Put(end, new IommuDestroy { Size = uint.MaxValue, Id = 0 });
        Assert.Equal(Errno.EFAULT, rig.Ioctl.Call(IommufdCommand.RequestOf(0x80), end.Value));
        rig.Process.Put(end, new IommuDestroy { Size = 8, Id = 0 });
        Assert.Equal(Errno.ENOENT, rig.Ioctl.Call(IommufdCommand.RequestOf(0x80), end.Value));
        Assert.Equal(Errno.EFAULT, rig.Ioctl.Call(IommufdCommand.RequestOf(0x80), ulong.MaxValue - 3));
    }

    [Fact]
    public void R71_cmd_ex_fail()
    {
        using UapiRig rig = new();
        byte[] bytes = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 16);
        Assert.Equal(Errno.ENOENT, Raw(rig, 0x80, bytes));
        bytes[8] = 1;
        Assert.Equal(Errno.E2BIG, Raw(rig, 0x80, bytes));
        bytes[8] = 0;
        bytes[15] = 1;
        Assert.Equal(Errno.E2BIG, Raw(rig, 0x80, bytes));
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, 4);
        Assert.Equal(Errno.EINVAL, Raw(rig, 0x80, bytes));
    }

    [Fact]
    public void R71_global_options()
    {
        using UapiRig rig = new();
        ulong value = 7;
        Assert.Equal(Errno.None, rig.Option(IommufdOption.RlimitMode, IommufdOptionOp.Get, 0, ref value));
        Assert.Equal(0UL, value);
        value = 1;
        Assert.Equal(Errno.None, rig.Option(IommufdOption.RlimitMode, IommufdOptionOp.Set, 0, ref value));
        value = 0;
        Assert.Equal(Errno.None, rig.Option(IommufdOption.RlimitMode, IommufdOptionOp.Get, 0, ref value));
        Assert.Equal(1UL, value);
        value = 0;
        Assert.Equal(Errno.None, rig.Option(IommufdOption.RlimitMode, IommufdOptionOp.Set, 0, ref value));
        value = 2;
        Assert.Equal(Errno.EINVAL, rig.Option(IommufdOption.RlimitMode, IommufdOptionOp.Set, 0, ref value));
        Assert.Equal(Errno.ENOENT, rig.Option(IommufdOption.HugePages, IommufdOptionOp.Get, 0, ref value));
        Assert.Equal(Errno.EOPNOTSUPP, rig.Option((IommufdOption)99, IommufdOptionOp.Get, 0, ref value));
        Assert.Equal(Errno.EOPNOTSUPP, rig.Option(IommufdOption.RlimitMode, (IommufdOptionOp)2, 0, ref value));
    }

    [Fact]
    public void R71_AnAnswerThatCannotBeWrittenUnmakesWhatWasMade()
    {
        using UapiRig rig = new(pages: 1);
        Assert.Equal(0, rig.Context.ObjectCount);
        WriteRefusingProcess process = new(rig.Process);
        IommufdIoctl ioctl = new(rig.Context, process, rig.Files);
        rig.Process.Put(UserProcess.Address(0), new IommuIoasAlloc { Size = 12 });
        Assert.Equal(Errno.EFAULT, ioctl.Call(IommufdCommand.RequestOf(0x81), UserProcess.Base));
        rig.Process.Put(UserProcess.Address(0), new IommuFaultAlloc { Size = 16 });
        Assert.Equal(Errno.EFAULT, ioctl.Call(IommufdCommand.RequestOf(0x8e), UserProcess.Base));
        Assert.Equal(0, rig.Context.ObjectCount);
        Assert.Equal(0, rig.Files.OpenCount);

        uint ioas = rig.IoasAlloc();
        rig.Process.Put(UserProcess.Address(0), new IommuIoasMap { Size = 40, IoasId = ioas, Flags = 6, UserVa = UserProcess.Base, Length = 4096 });
        Assert.Equal(Errno.EFAULT, ioctl.Call(IommufdCommand.RequestOf(0x85), UserProcess.Base));
        Assert.Equal(0, rig.Object<IoAddressSpace>(ioas).AreaCount);
    }

    private static Errno CallOfLength(UapiRig rig, IommufdCommand command, int length, byte tail)
    {
        byte[] bytes = new byte[Math.Max(length, command.Size) + 1];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, (uint)length);
        if (length > command.Size)
        {
            bytes[command.Size] = tail;
        }

        return Raw(rig, command.Number, bytes);
    }

    private static Errno Raw(UapiRig rig, byte number, byte[] bytes)
    {
        Assert.Equal(Errno.None, rig.Process.TryWrite(UserProcess.Address(0), bytes));
        return rig.Ioctl.Call(IommufdCommand.RequestOf(number), UserProcess.Base);
    }
}
