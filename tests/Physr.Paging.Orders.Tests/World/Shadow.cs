// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Orders.Tests;

/// <summary>What every page should hold. Each store instruction leaves a number of its own, higher than all before; none is 0, which is what a hole reads as.</summary>
/// <param name="pages">Pages of the region.</param>
internal sealed class Shadow(int pages)
{
    private readonly ulong[] _bytes = new ulong[pages];

    /// <summary>What the store has of a page that was never written.</summary>
    public static ulong First(int page) => (ulong)(page + 1) << 32;

    public ulong this[int page] => _bytes[page];

    public ulong[] Copy() => [.. _bytes];

    public ulong Next(int page) => _bytes[page] + 1;

    public void Set(int page, ulong bytes) => _bytes[page] = bytes;

    public void Reset()
    {
        for (int page = 0; page < pages; page++)
        {
            _bytes[page] = First(page);
        }
    }
}
