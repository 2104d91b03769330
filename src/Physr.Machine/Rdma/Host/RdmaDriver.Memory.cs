// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using System.Numerics;
using Physr.Machine.Devices;
using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma.Host;

/// <content>Memory regions: a range list is registered by reading it as blocks (row R63), without a page descriptor anywhere.</content>
public sealed partial class RdmaDriver
{
    /// <summary>Registers the bytes of a list, which the device may then reach until <see cref="Deregister"/>. Bus addresses of peers register like any others.</summary>
    /// <param name="list">The bytes as this device addresses them; the caller keeps them mapped.</param>
    /// <param name="access">What may be done to them.</param>
    /// <param name="region">The region.</param>
    /// <returns><see cref="Errno.EINVAL"/> when the list is empty or cannot be cut into equal aligned blocks of a supported size: where runs join, they must do so
    /// on multiples of 4 KiB (row R63b). <see cref="Errno.ENOMEM"/> when the device has no room. For a staging list that must grow, also what
    /// <see cref="IDeviceHost.TryAllocate"/> says.</returns>
    /// <remarks>Allocates nothing once the staging list has grown to the longest list.</remarks>
    public Errno TryRegister(DmaRangeList list, RdmaAccess access, out RdmaMemoryRegion region)
    {
        ArgumentNullException.ThrowIfNull(list);
        region = default;
        if (list.IsEmpty)
        {
            return Errno.EINVAL;
        }

        // The virtual space starts where the bytes do within the largest block, so that any block size is congruent for the first run (row R63b).
        ulong firstAddress = list.Seek(0).Range.Start.Value & ((1UL << RdmaLimits.MaxBlockShift) - 1);
        ulong blockSize = list.FindBestBlockSize(RdmaLimits.BlockSizes, firstAddress);
        if (blockSize == 0)
        {
            return Errno.EINVAL;
        }

        ulong blocks = ((firstAddress & (blockSize - 1)) + (list.Length - 1)) / blockSize + 1;
        if (blocks > RdmaLimits.MaxBlocks)
        {
            return Errno.ENOMEM;
        }

        Errno errno = ReserveBlockList(blocks);
        if (errno != Errno.None)
        {
            return errno;
        }

        ulong written = WriteBlockList(list, blockSize, blocks);
        if (written != blocks)
        {
            throw new PhysrException("register memory", "block list", Errno.EINVAL, $"{written} blocks of 0x{blockSize:x}, and the bytes need {blocks}");
        }

        errno = Command(
            new()
            {
                Opcode = RdmaCommandOpcode.RegisterMemory,
                A = firstAddress,
                B = list.Length,
                C = _blockList!.Address.Value,
                D = _domain,
                E = (uint)access,
                F = (uint)BitOperations.Log2(blockSize),
                G = (uint)blocks,
            },
            out ulong key);
        if (errno == Errno.None)
        {
            LiveRegions++;
            region = new((uint)key, firstAddress, list.Length, blockSize);
        }

        return errno;
    }

    /// <summary>Ends a region. Requests under way that use it end in error.</summary>
    public Errno Deregister(RdmaMemoryRegion region)
    {
        Errno errno = Command(new() { Opcode = RdmaCommandOpcode.DeregisterMemory, Target = region.Key }, out _);
        if (errno == Errno.None)
        {
            LiveRegions--;
        }

        return errno;
    }

    private Errno ReserveBlockList(ulong blocks)
    {
        ulong bytes = blocks * sizeof(ulong);
        if (_blockList is not null && (ulong)_blockList.Bytes.Length >= bytes)
        {
            return Errno.None;
        }

        // The old one goes first, so that the two need not fit side by side; where the new one is refused, a shorter list takes memory again.
        _blockList?.Dispose();
        return Host.TryAllocate(BitOperations.RoundUpToPowerOf2(Math.Max(bytes, 4096)), "RDMA block list", out _blockList);
    }

    private ulong WriteBlockList(DmaRangeList list, ulong blockSize, ulong blocks)
    {
        Span<byte> at = _blockList!.Bytes;
        ulong written = 0;
        foreach (DmaAddress block in list.Blocks(blockSize))
        {
            if (written++ < blocks)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(at, block.Value);
                at = at[sizeof(ulong)..];
            }
        }

        return written;
    }
}
