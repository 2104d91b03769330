// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>What happened to a region's pages since it was made, all pagers together.</summary>
/// <param name="MissingFaults">Touches of pages that were not in the window.</param>
/// <param name="MinorFaults">Touches of pages that were in the window and not in the page table.</param>
/// <param name="WriteFaults">First writes to clean pages.</param>
/// <param name="LeaseFills">Pages that leases waited for.</param>
/// <param name="Prefetched">Pages that came before anybody touched them.</param>
/// <param name="Evictions">Pages that left.</param>
/// <param name="CleanEvictions">Those of them that had not changed and were not written.</param>
/// <param name="BytesIn">Bytes from the store.</param>
/// <param name="BytesOut">Bytes to the store.</param>
/// <param name="Poisonings">Pages that could not be had.</param>
/// <param name="WriteFailures">Writes to the store that failed; the pages stayed.</param>
/// <param name="Overcommits">Pages that came although the budget was used up, as nothing could leave.</param>
/// <param name="ResidentPages">Pages in the window now.</param>
/// <param name="LeasedPages">Pages that leases hold now, each as often as leases hold it.</param>
/// <param name="Takeovers">How often a pager went on in another's place.</param>
/// <param name="FillTimes">How long faults and leases took to serve, in the pager.</param>
/// <param name="EvictTimes">How long a page's eviction took, in the pager.</param>
public sealed record RegionStatistics(
    long MissingFaults, long MinorFaults, long WriteFaults, long LeaseFills, long Prefetched, long Evictions, long CleanEvictions, long BytesIn, long BytesOut,
    long Poisonings, long WriteFailures, long Overcommits, long ResidentPages, long LeasedPages, int Takeovers, LatencyHistogram FillTimes, LatencyHistogram EvictTimes)
{
    /// <summary>All faults.</summary>
    public long Faults => MissingFaults + MinorFaults + WriteFaults;
}
