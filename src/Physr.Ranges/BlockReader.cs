// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Ranges;

/// <summary>Reads runs as equal aligned blocks, for devices that translate by tables of them: RDMA, VFIO, IOMMUs (row R63).</summary>
internal struct BlockReader
{
    private readonly ulong _blockSize;
    private RunCursor _cursor;
    private ulong _address;
    private ulong _blocksLeft;

    public BlockReader(RunCursor cursor, ulong blockSize)
    {
        _cursor = cursor;
        _blockSize = blockSize;
    }

    public bool MoveNext(out ulong address)
    {
        if (_blocksLeft == 0)
        {
            if (!_cursor.MoveNext(out ulong start, out ulong length, out _))
            {
                address = 0;
                return false;
            }

            _address = Alignment.Down(start, _blockSize);
            _blocksLeft = ((start - _address) + (length - 1)) / _blockSize + 1;
        }

        address = _address;
        _address += _blockSize;
        _blocksLeft--;
        return true;
    }

    /// <summary>The largest supported size in which every run can be cut: each run congruent with its place in the device's virtual space, every inner edge
    /// on a block's edge, and no block larger than the window that is needed; 0 when even the smallest does not fit.</summary>
    public static ulong FindBestSize(RunCursor cursor, ulong supportedSizes, ulong deviceVirtualAddress)
    {
        if (cursor.Left == 0 || supportedSizes == 0)
        {
            return 0;
        }

        // Bits that differ anywhere may not be offsets within a block.
        ulong mask = 0;
        ulong at = deviceVirtualAddress;
        ulong windowBits = (at + (cursor.Left - 1)) ^ at;
        ulong needed = windowBits == 0 ? 1 : windowBits >> 63 != 0 ? 1UL << 63 : BitOperations.RoundUpToPowerOf2(windowBits + 1);
        while (cursor.MoveNext(out ulong address, out ulong length, out _))
        {
            mask |= address ^ at;
            at += length;
            if (cursor.Left != 0)
            {
                mask |= at;
            }
        }

        int fitting = mask == 0 ? 63 : BitOperations.TrailingZeroCount(mask);
        ulong candidates = supportedSizes & (fitting == 63 ? ulong.MaxValue : (1UL << (fitting + 1)) - 1);
        if (candidates == 0)
        {
            return 0;
        }

        ulong covering = candidates & ~(needed - 1);
        return covering != 0 ? covering & (~covering + 1) : 1UL << BitOperations.Log2(candidates);
    }
}
