// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck;
using FsCheck.Fluent;

namespace Physr.Ranges.Tests.Infrastructure;

/// <summary>What a range list must say, spelled out unit by unit: the address and tag of every unit of <see cref="Unit"/> bytes, in order.</summary>
/// <param name="Unit">Bytes per unit, a power of two; every run starts and ends on a multiple of it.</param>
/// <param name="Runs">The runs as they are appended; empty ones too.</param>
internal sealed record NaiveList(ulong Unit, (ulong Address, ulong Length, uint Tag)[] Runs)
{
    /// <summary>Lists of up to 24 runs, many of them adjacent, at granules from a byte to 4 GiB, at the bottom, in the middle and near the top of the space.</summary>
    public static Arbitrary<NaiveList> Any { get; } = ListsOf([0, 0, 1, 2, 1023, 1024, uint.MaxValue]).ToArbitrary();

    /// <summary>The same with the two tags of a DMA list.</summary>
    public static Arbitrary<NaiveList> AnyDma { get; } = ListsOf([0, 0, 0, 1]).ToArbitrary();

    /// <summary>The units in order.</summary>
    public List<(ulong Address, uint Tag)> Units { get; } = [.. Spell(Unit, Runs)];

    public ulong Length => (ulong)Units.Count * Unit;

    /// <summary>The fewest runs that say the same: neighbours that are adjacent and have one tag are one.</summary>
    public List<(ulong Address, ulong Length, uint Tag)> Coalesced => Coalesce(Units, Unit, ignoreTag: false);

    public static List<(ulong Address, ulong Length, uint Tag)> Coalesce(IEnumerable<(ulong Address, uint Tag)> units, ulong unit, bool ignoreTag)
    {
        List<(ulong Address, ulong Length, uint Tag)> runs = [];
        foreach ((ulong address, uint tag) in units)
        {
            if (runs.Count != 0 && runs[^1].Address + runs[^1].Length == address && (ignoreTag || runs[^1].Tag == tag))
            {
                runs[^1] = runs[^1] with { Length = runs[^1].Length + unit };
            }
            else
            {
                runs.Add((address, unit, tag));
            }
        }

        return runs;
    }

    public RangeList ToRangeList()
    {
        using RangeListBuilder builder = RangeListBuilder.Rent();
        foreach ((ulong address, ulong length, uint tag) in Runs)
        {
            builder.Append(new PhysicalRange(new(address), length), new ProviderIndex(tag));
        }

        return builder.Build();
    }

    public DmaRangeList ToDmaRangeList()
    {
        DmaRangeListBuilder builder = new();
        foreach ((ulong address, ulong length, uint tag) in Runs)
        {
            builder.Append(new DmaRange(new(address), length), tag == 1);
        }

        return builder.Build();
    }

    public override string ToString() => $"unit 0x{Unit:x}: {string.Join(", ", Runs.Select(run => $"0x{run.Address:x}+0x{run.Length:x}/{run.Tag}"))}";

    private static IEnumerable<(ulong Address, uint Tag)> Spell(ulong unit, (ulong Address, ulong Length, uint Tag)[] runs)
    {
        foreach ((ulong address, ulong length, uint tag) in runs)
        {
            for (ulong done = 0; done < length; done += unit)
            {
                yield return (address + done, tag);
            }
        }
    }

    private static Gen<NaiveList> ListsOf(uint[] tags)
    {
        Gen<(int Start, int Length, uint Tag, bool Adjacent)> run =
            from start in Gen.Choose(0, 60)
            from length in Gen.Choose(0, 12)
            from tag in Gen.Elements(tags)
            from adjacent in Gen.Elements(true, false)
            select (start, length, tag, adjacent);
        return
            from unit in Gen.Elements(1UL, 512UL, PageSize.Size4K, PageSize.Size2M, 1UL << 32)
            from place in Gen.Elements(0UL, 1UL << 47, (1UL << 48) - (64 * PageSize.Size4K), ulong.MaxValue - (1UL << 40))
            from runs in Gen.ArrayOf(run)
            select new NaiveList(unit, Place(unit, place & ~(unit - 1), runs));
    }

    private static (ulong Address, ulong Length, uint Tag)[] Place(ulong unit, ulong place, (int Start, int Length, uint Tag, bool Adjacent)[] runs)
    {
        (ulong Address, ulong Length, uint Tag)[] placed = new (ulong, ulong, uint)[Math.Min(runs.Length, 24)];
        for (int i = 0; i < placed.Length; i++)
        {
            bool adjacent = runs[i].Adjacent && i > 0 && placed[i - 1].Address - place < 60 * unit;
            ulong address = adjacent ? placed[i - 1].Address + placed[i - 1].Length : place + ((ulong)runs[i].Start * unit);
            placed[i] = (address, (ulong)runs[i].Length * unit, runs[i].Tag);
        }

        return placed;
    }
}
