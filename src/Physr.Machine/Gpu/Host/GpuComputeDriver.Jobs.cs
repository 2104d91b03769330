// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Host;

/// <content>Posting jobs: each is one command on one context. What they do is said at <see cref="GpuComputeOpcode"/>.</content>
public sealed partial class GpuComputeDriver
{
    /// <summary>Posts a mixing of the words of a range with a key.</summary>
    /// <returns><see cref="Errno.EAGAIN"/> when the ring has no room now. Addresses are the device's to judge.</returns>
    public Errno TryTransform(GpuContext context, VirtualAddress start, ulong length, ulong key, ulong id) =>
        TryPost(new(GpuComputeOpcode.Transform, IdOf(context), start.Value, 0, length, key), id);

    /// <summary>Posts a fill of a range with a word.</summary>
    /// <inheritdoc cref="TryTransform"/>
    public Errno TryFill(GpuContext context, VirtualAddress start, ulong length, ulong value, ulong id) =>
        TryPost(new(GpuComputeOpcode.Fill, IdOf(context), start.Value, 0, length, value), id);

    /// <summary>Posts a copy from one range to another, which may not overlap.</summary>
    /// <inheritdoc cref="TryTransform"/>
    public Errno TryCopy(GpuContext context, VirtualAddress source, VirtualAddress destination, ulong length, ulong id) =>
        TryPost(new(GpuComputeOpcode.Copy, IdOf(context), destination.Value, source.Value, length, 0), id);

    /// <summary>Posts a sum, or an exclusive or, of the words of a range into one word.</summary>
    /// <inheritdoc cref="TryTransform"/>
    public Errno TryReduce(GpuContext context, VirtualAddress start, ulong length, VirtualAddress destination, bool isXor, ulong id) =>
        TryPost(new(isXor ? GpuComputeOpcode.ReduceXor : GpuComputeOpcode.ReduceSum, IdOf(context), start.Value, destination.Value, length, 0), id);

    /// <summary>Posts atomic additions to words a stride apart; a stride of 0 adds to one word over and over.</summary>
    /// <inheritdoc cref="TryTransform"/>
    public Errno TryAtomicAdd(GpuContext context, VirtualAddress start, ulong count, ulong stride, ulong value, ulong id) =>
        TryPost(new(GpuComputeOpcode.AtomicAdd, IdOf(context), start.Value, 0, count, value, stride), id);

    /// <summary>Posts a walk along a list.</summary>
    /// <inheritdoc cref="TryTransform"/>
    public Errno TryWalkList(GpuContext context, VirtualAddress head, ulong maxNodes, int payloadWords, ulong key, ulong id) =>
        TryPost(new(GpuComputeOpcode.WalkList, IdOf(context), head.Value, 0, maxNodes, key, (ulong)payloadWords), id);

    /// <summary>Posts any command, as it is.</summary>
    /// <inheritdoc cref="TryTransform"/>
    public Errno TryPost(in GpuComputeCommand command, ulong id)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Outstanding == _ids.Length)
        {
            return Errno.EAGAIN;
        }

        int index = (int)(_posted & ((1U << _log2) - 1));
        command.Write(_rings.Bytes[(index * GpuComputeRegisters.CommandSize)..]);
        _ids[index] = id;
        _posted++;
        _host.WriteRegister32(GpuRegisters.RegisterBar, GpuComputeRegisters.Doorbell, _posted);
        return Errno.None;
    }

    private static ushort IdOf(GpuContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return (ushort)context.Id;
    }
}
