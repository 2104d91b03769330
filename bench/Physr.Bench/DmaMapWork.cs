// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Bench;

/// <summary>Which of the live mappings is unmapped and mapped again next, worked out beforehand.</summary>
/// <param name="length">Bytes in each.</param>
internal sealed class DmaMapWork(ulong length)
{
    public const int Live = 256;
    public const int Pairs = 4096;
    public const ulong First = 0x10_0000_1000; // in step with no leaf larger than a page

    private readonly Random _random = new(1);

    public ulong Length { get; } = length;

    public uint[] Victims => field ??= [.. Enumerable.Range(0, Pairs).Select(_ => (uint)_random.Next(Live))];

    public ulong PhysicalOf(uint index) => First + (index * Length);
}
