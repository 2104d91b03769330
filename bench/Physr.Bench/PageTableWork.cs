// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Bench;

/// <summary>Calls of one length, one stride apart.</summary>
/// <param name="Iova">Where the first begins.</param>
/// <param name="Physical">Where it leads.</param>
/// <param name="Length">How long each is.</param>
/// <param name="Stride">From one to the next, in both spaces.</param>
/// <param name="Calls">How many.</param>
internal readonly record struct PageTableWork(ulong Iova, ulong Physical, ulong Length, ulong Stride, int Calls)
{
    private const IommuAccess ReadWrite = IommuAccess.Read | IommuAccess.Write;

    public ulong Bytes => Length * (ulong)Calls;

    /// <summary>Maps; gives how many calls failed.</summary>
    public ulong Map(IoPageTable table)
    {
        ulong failed = 0;
        for (ulong i = 0; i < (ulong)Calls; i++)
        {
            failed += table.Map(new(Iova + (i * Stride)), new(Physical + (i * Stride)), Length, ReadWrite) == Errno.None ? 0UL : 1UL;
        }

        return failed;
    }

    /// <summary>Unmaps, each call with a gather of its own and its tables freed; gives the bytes.</summary>
    public ulong Unmap(IoPageTable table, IotlbGather gather)
    {
        ulong done = 0;
        for (ulong i = 0; i < (ulong)Calls; i++)
        {
            done += table.Unmap(new(Iova + (i * Stride)), Length, gather);
            table.FreeTables(gather);
            gather.Reset();
        }

        return done;
    }
}
