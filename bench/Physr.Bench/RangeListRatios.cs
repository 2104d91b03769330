// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>What building a range list costs, in time and in bytes.</summary>
internal static class RangeListRatios
{
    private const int Pages = (int)(PageSize.Size1G / PageSize.Size4K);

    public static void Run(RatioTable table)
    {
        RangeList list = RangeList.Empty;
        double build = RatioTable.TimeInTurn(1, () => list = BuildScattered())[0];
        table.Limit("RangeList of 1 GiB in scattered 4 KiB pages, build", build / 1e6, "ms", 5, "< 5 ms");
        table.Limit("same, memory", (double)list.PackedBytes / Pages, "B/page", 8.2, "≤ 8.2 B/page");
        table.Limit("RangeList of a contiguous 1 TiB in 2 MiB pieces", BuildContiguous().EntryCount, "entries", 1, "1 entry");
    }

    public static RangeList BuildScattered()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (ulong page = 0; page < Pages; page++)
        {
            builder.Append(new PageFrameNumber(page * 2));
        }

        return builder.Build();
    }

    public static RangeList BuildContiguous()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        for (ulong at = 0; at < 1UL << 40; at += PageSize.Size2M)
        {
            builder.Append(new PhysicalRange(new((1UL << 40) + at), PageSize.Size2M));
        }

        return builder.Build();
    }
}
