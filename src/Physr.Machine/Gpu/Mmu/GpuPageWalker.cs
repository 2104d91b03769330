// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;
using Physr.Machine.Devices;
using Physr.Machine.Gpu.Spec;

namespace Physr.Machine.Gpu.Mmu;

/// <summary>Reads page tables in the GPU's memory from the root down. Whatever lies there gives an answer: tables are the driver's, and may be garbage.</summary>
internal sealed class GpuPageWalker(SparseMemory memory)
{
    /// <summary>Finds the leaf that translates an address.</summary>
    /// <param name="root">The root table's offset.</param>
    /// <param name="virtualAddress">Below 2^48.</param>
    /// <param name="leaf">The leaf.</param>
    /// <param name="pageSize">What it maps, in bytes.</param>
    /// <param name="steps">How many entries were read, each after the one above it.</param>
    public GpuTranslateStatus Walk(ulong root, ulong virtualAddress, out GpuPageEntry leaf, out ulong pageSize, out int steps)
    {
        ulong table = root;
        steps = 0;
        for (int level = GpuPageEntry.Levels - 1; level >= 0; level--)
        {
            steps++;
            pageSize = GpuPageEntry.Span(level);
            leaf = Read(table, GpuPageEntry.IndexOf(virtualAddress, level));
            if (!leaf.IsValid)
            {
                return GpuTranslateStatus.NotPresent;
            }

            bool isLeaf = leaf.IsLeaf(level);
            ulong needed = isLeaf ? pageSize : GpuPageEntry.TableSize;
            if (!leaf.IsWellFormed(level) || ((!isLeaf || !leaf.IsSystem) && (leaf.Address > memory.Length || needed > memory.Length - leaf.Address)))
            {
                return GpuTranslateStatus.BadPageTable;
            }

            if (isLeaf)
            {
                return GpuTranslateStatus.Success;
            }

            table = leaf.Address;
        }

        throw new PhysrException("walk", $"GPU page table 0x{root:x}", Errno.EFAULT, "level 0 has leaves alone");
    }

    private GpuPageEntry Read(ulong table, int index)
    {
        Span<byte> bytes = memory.SpanAt(table + ((ulong)index * sizeof(ulong)), sizeof(ulong));
        return new(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
    }
}
