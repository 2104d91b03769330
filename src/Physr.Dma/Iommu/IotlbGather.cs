// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;

namespace Physr.Dma.Iommu;

/// <summary>What unmapping leaves to do (<c>iommu_iotlb_gather</c>): the addresses to invalidate, as one span, and table pages to free after that. Reusable; one thread at a time.</summary>
public sealed class IotlbGather
{
    [ThreadStatic]
    private static IotlbGather? t_spare;

    /// <summary>Takes an empty one; <see cref="Return"/> it on the same thread, and taking another allocates nothing.</summary>
    public static IotlbGather Rent()
    {
        IotlbGather gather = t_spare ?? new();
        t_spare = null;
        return gather;
    }

    /// <summary>Gives one back; what it still held is forgotten.</summary>
    public static void Return(IotlbGather gather)
    {
        ArgumentNullException.ThrowIfNull(gather);
        gather.Reset();
        t_spare = gather;
    }

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty => End <= Start;

    /// <summary>The lowest address to invalidate.</summary>
    public ulong Start { get; private set; } = ulong.MaxValue;

    /// <summary>One past the highest.</summary>
    public ulong End { get; private set; }

    /// <summary>Table pages to free once nothing can be walking them: the format's own words for them.</summary>
    public List<nint> FreedTables { get; } = [];

    /// <summary>Notes a range.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(DmaAddress iova, ulong length)
    {
        Start = Math.Min(Start, iova.Value);
        End = Math.Max(End, iova.Value + length);
    }

    /// <summary>Forgets everything, after a sync.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Reset()
    {
        Start = ulong.MaxValue;
        End = 0;
        if (FreedTables.Count != 0)
        {
            FreedTables.Clear();
        }
    }
}
