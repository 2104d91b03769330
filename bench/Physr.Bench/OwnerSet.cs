// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Bench;

/// <summary>Ranges of 2 MiB with holes of 2 MiB between them, and random addresses in the ranges: the data of table (a) of the comparisons.</summary>
internal sealed class OwnerSet
{
    /// <summary>Random addresses per run.</summary>
    public const int Points = 65_536;

    /// <summary>Makes ranges from 4 GiB on, each of a provider of its own, by a fixed seed.</summary>
    /// <param name="count">How many.</param>
    /// <param name="shift">Bytes by which each starts after a multiple of 2 MiB.</param>
    public OwnerSet(int count, ulong shift = 0)
    {
        Random random = new(20_230_510);
        Ranges = new OwnedRange[count];
        for (int i = 0; i < count; i++)
        {
            ulong start = (4 * PageSize.Size1G) + shift + ((ulong)i * 2 * PageSize.Size2M);
            Ranges[i] = new(new(new(start), PageSize.Size2M), new((uint)i + 1));
        }

        Probes = new ulong[Points];
        for (int i = 0; i < Points; i++)
        {
            Probes[i] = Ranges[random.Next(count)].Range.Start.Value + (ulong)random.NextInt64((long)PageSize.Size2M);
        }
    }

    /// <summary>The ranges, ascending.</summary>
    public OwnedRange[] Ranges { get; }

    /// <summary>The addresses to look up.</summary>
    public ulong[] Probes { get; }

    /// <summary>A sorted array of the ranges.</summary>
    public SortedArrayMap ToSortedArray() =>
        new([.. Ranges.Select(range => range.Range.Start.Value)], [.. Ranges.Select(range => (range.Range.End.Value, (int)range.Provider.Value))]);
}
