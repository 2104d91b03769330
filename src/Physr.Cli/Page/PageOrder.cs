// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;

namespace Physr.Cli.Page;

/// <summary>The pages of one thread, in the order in which it goes to them.</summary>
/// <param name="pattern">Which order.</param>
/// <param name="count">How many pages it has, one at the least.</param>
/// <param name="random">What chance there is.</param>
internal sealed class PageOrder(PagePattern pattern, int count, SeededRandom random)
{
    // A prime above the number of pages that a region can have: multiplied by it, neighbours in rank lie far apart, and no two ranks share a page.
    private const ulong Scatter = 2_654_435_761;

    private readonly ZipfRanks _ranks = new(count);
    private int _next;

    /// <summary>The next page, from 0 on.</summary>
    public int Next() => pattern switch
    {
        PagePattern.Sequential => Follow(),
        PagePattern.Zipf => (int)((ulong)_ranks.Next(random) * Scatter % (ulong)count),
        _ => (int)random.Below((ulong)count),
    };

    private int Follow()
    {
        int page = _next;
        _next = page + 1 == count ? 0 : page + 1;
        return page;
    }
}
