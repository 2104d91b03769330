// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Storage.Raid;

namespace Physr.Bench;

/// <summary>Arrays over memory beside plain copies of the same bytes; parity beside plain copies and beside C on vectors of the same width.</summary>
// SAFETY: buffers are allocated with the lengths they are used with, and freed at the end of the method that allocates them.
internal static unsafe class StorageRatios
{
    private const ulong Bytes = 64UL << 20;
    private const int ParityBytes = 16 << 20;
    private const uint ChunkBytes = 1 << 20;

    public static void Run(RatioTable table)
    {
        Copies(table);
        Rows(table);
        Parity(table);
    }

    private static void Copies(RatioTable table)
    {
        using StorageRig stripes = new(RaidLevel.Raid0, 4, ChunkBytes, Bytes, Bytes / 4);
        using StorageRig mirror = new(RaidLevel.Raid1, 2, ChunkBytes, Bytes, Bytes);
        byte* from = Buffer(Bytes, 1);
        byte* to = Buffer(Bytes, 2);
        double[] best = RatioTable.TimeInTurn(1, stripes.Write, stripes.Read, mirror.Write, mirror.Read, () => NativeMemory.Copy(from, to, (nuint)Bytes));
        double copy = Bytes / best[4];
        table.Rate("RAID-0 of four, 64 MiB from RAM", Bytes / best[0], copy, 0.9, "≥ 0.9 of `NativeMemory.Copy`");
        table.Rate("same, to RAM", Bytes / best[1], copy, 0.9, "≥ 0.9 of `NativeMemory.Copy`");
        table.Rate("RAID-1 of two, 64 MiB from RAM, bytes of both copies", 2 * Bytes / best[2], copy, 0.9, "≥ 0.9 of `NativeMemory.Copy`");
        table.Rate("same, to RAM", Bytes / best[3], copy, 0.9, "≥ 0.9 of `NativeMemory.Copy`");
        NativeMemory.AlignedFree(from);
        NativeMemory.AlignedFree(to);
    }

    /// <summary>Whole rows through the array: parity, journal entries, and everything put in place.</summary>
    private static void Rows(RatioTable table)
    {
        using StorageRig raid5 = new(RaidLevel.Raid5, 5, 64 << 10, Bytes, Bytes / 4);
        using StorageRig raid6 = new(RaidLevel.Raid6, 6, 64 << 10, Bytes, Bytes / 4);
        double[] best = RatioTable.TimeInTurn(1, raid5.Write, raid5.Read, raid6.Write);
        table.Note("RAID-5 of 4 + 1, whole rows from RAM, journal and all, data", Bytes / best[0], "GB/s");
        table.Note("same, to RAM", Bytes / best[1], "GB/s");
        table.Note("RAID-6 of 4 + 2, whole rows from RAM, journal and all, data", Bytes / best[2], "GB/s");
    }

    private static void Parity(RatioTable table)
    {
        using ParityRival? rival = ParityRival.TryMake(out string why);
        const int Each = ParityBytes / 4;
        byte* data = Buffer(ParityBytes, 3);
        byte* copied = Buffer(ParityBytes, 4);
        byte* p = Buffer(Each, 5);
        byte* q = Buffer(Each, 6);
        byte* rivalP = Buffer(Each, 7);
        byte* rivalQ = Buffer(Each, 8);
        for (int i = 0; i < ParityBytes; i++)
        {
            data[i] = (byte)(i * 2654435761U >> 24);
        }

        Span<byte> At(byte* start, int index) => new(start + ((long)index * Each), Each);
        double[] best = RatioTable.TimeInTurn(
            1,
            () => ParityKernels.Sum(At(p, 0), At(data, 0), At(data, 1), At(data, 2), At(data, 3)),
            () => ParityKernels.Step(At(p, 0), At(q, 0), At(data, 0), At(data, 1), At(data, 2), At(data, 3), isFirst: true),
            () => rival?.Generate(data, rivalP, rivalQ, Each),
            () => NativeMemory.Copy(data, copied, ParityBytes));
        table.Rate("parity of RAID-5, 4 + 1, data", ParityBytes / best[0], ParityBytes / best[3], 0.6, "≥ 0.6 of `NativeMemory.Copy`");
        table.Note("P and Q of RAID-6, 4 + 2, data", ParityBytes / best[1], "GB/s");
        if (rival is null)
        {
            table.Skip("P and Q in C", why);
        }
        else if (!At(p, 0).SequenceEqual(At(rivalP, 0)) || !At(q, 0).SequenceEqual(At(rivalQ, 0)))
        {
            throw new InvalidOperationException("C computes another P or Q.");
        }
        else
        {
            table.Rate($"same / C ({rival.Flag})", ParityBytes / best[1], ParityBytes / best[2], 0.9, "≥ 0.9 of C");
        }

        foreach (nint buffer in (ReadOnlySpan<nint>)[(nint)data, (nint)copied, (nint)p, (nint)q, (nint)rivalP, (nint)rivalQ])
        {
            NativeMemory.AlignedFree((void*)buffer);
        }
    }

    private static byte* Buffer(ulong bytes, byte value)
    {
        byte* buffer = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, (nuint)PageSize.Size2M);
        NativeMemory.Fill(buffer, (nuint)bytes, value);
        return buffer;
    }
}
