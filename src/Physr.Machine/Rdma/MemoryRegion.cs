// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Rdma.Spec;

namespace Physr.Machine.Rdma;

/// <summary>A registered region in the device: equal aligned blocks, and which bytes of them may be reached.</summary>
internal sealed class MemoryRegion
{
    public bool IsLive { get; set; }

    /// <summary>The low bits of the key; a new number at each registration makes old keys stale.</summary>
    public byte Generation { get; set; }

    public uint Domain { get; set; }

    public RdmaAccess Access { get; set; }

    public ulong FirstAddress { get; set; }

    public ulong Length { get; set; }

    public int BlockShift { get; set; }

    /// <summary>Block addresses; longer than needed when the slot had a larger region before.</summary>
    public ulong[] Blocks { get; set; } = [];

    public int BlockCount { get; set; }

    /// <summary>Whether all bytes at an address of the region's virtual space are its own.</summary>
    public bool Covers(ulong address, ulong length) =>
        address >= FirstAddress && address - FirstAddress <= Length && length <= Length - (address - FirstAddress);

    /// <summary>The bus address of a byte and how many bytes follow contiguously, up to <paramref name="length"/>.</summary>
    public DmaAddress Translate(ulong address, ulong length, out ulong run)
    {
        ulong blockSize = 1UL << BlockShift;
        ulong fromFirstBlock = (FirstAddress & (blockSize - 1)) + (address - FirstAddress);
        int index = (int)(fromFirstBlock >> BlockShift);
        ulong within = fromFirstBlock & (blockSize - 1);
        ulong start = Blocks[index];
        run = blockSize - within;
        while (run < length && index + 1 < BlockCount && Blocks[index + 1] - Blocks[index] == blockSize)
        {
            run += blockSize;
            index++;
        }

        run = Math.Min(run, length);
        return new DmaAddress(start + within);
    }
}
