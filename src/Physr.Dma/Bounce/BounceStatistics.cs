// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Bounce;

/// <summary>What a bounce pool did so far, and how full it is. Each number is exact by itself; together they are a snapshot only while nobody maps.</summary>
/// <param name="TotalSlots">Slots of 2 KiB in all.</param>
/// <param name="UsedSlots">Slots out now.</param>
/// <param name="HighWaterSlots">Most slots that were ever out at once.</param>
/// <param name="Mappings">Runs of slots handed out.</param>
/// <param name="Exhausted">How often no run of free slots was long enough.</param>
/// <param name="BytesIn">Bytes copied into slots.</param>
/// <param name="BytesOut">Bytes copied out of slots.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BounceStatistics(long TotalSlots, long UsedSlots, long HighWaterSlots, long Mappings, long Exhausted, long BytesIn, long BytesOut)
{
    /// <summary>Bytes copied by the CPU on behalf of devices, both ways.</summary>
    public long Bytes => BytesIn + BytesOut;
}
