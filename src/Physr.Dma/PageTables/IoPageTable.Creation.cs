// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Dma.PageTables;

// Making a table of a format.
public sealed partial class IoPageTable
{
    private static RadixTable Create(IoPageTableFormat format, IoPageTableOptions options) => format switch
    {
        IoPageTableFormat.AmdV1 => Create<AmdV1Format>(format, options),
        IoPageTableFormat.VtdSecondStage => Create<VtdSecondStageFormat>(format, options),
        IoPageTableFormat.X86_64 => Create<X86_64Format>(format, options),
        _ => throw Refusal(format, "There is no such format."),
    };

    /// <summary>Makes a table whose entries a format spells that need not be one of those that have a name.</summary>
    internal static FormattedTable<TFormat> Create<TFormat>(IoPageTableFormat format, IoPageTableOptions options)
        where TFormat : struct, IIoPageTableFormat
    {
        int widest = TFormat.AddressBits(TFormat.MostLevels);
        int bits = options.MaxAddressBits ?? widest;
        if (bits <= PageSize.Shift4K || bits > widest)
        {
            throw Refusal(format, $"Addresses of {bits} bits: it translates from {PageSize.Shift4K + 1} to {widest}.");
        }

        int most = TFormat.FewestLevels;
        while (TFormat.AddressBits(most) < bits)
        {
            most++;
        }

        int levels = options.StartingLevels ?? Math.Min(TFormat.UsualLevels, most);
        if (levels < TFormat.FewestLevels || levels > most)
        {
            throw Refusal(format, $"{levels} levels to begin with: it walks {TFormat.FewestLevels} to {most} for {bits} bits.");
        }

        ulong sizes = options.PageSizes & TFormat.PageSizes & (ulong.MaxValue >> (64 - bits));
        if (sizes == 0)
        {
            throw Refusal(format, $"None of the page sizes 0x{options.PageSizes:x}: it has 0x{TFormat.PageSizes:x}.");
        }

        TablePool pool = new(options.Gate, options.MaxTablePages);
        TableReserve top = default;
        PerLevel<long> needs = default;
        needs[levels] = 1;
        if (!pool.TryTake(needs, ref top))
        {
            pool.Dispose();
            throw new PhysrException("make an IO page table", format.ToString(), Errno.ENOMEM, "There is no page for its top.");
        }

        TablePage page = top.Take(levels);
        page.Clear();
        Debug.Assert(top.Count == 0, "One page was taken.");
        return new(page, levels, most, sizes, bits, pool, options.TracksDirty);
    }

    private static PhysrException Refusal(IoPageTableFormat format, string detail) => new("make an IO page table", format.ToString(), Errno.EINVAL, detail);
}
