// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>What a verdict depends on besides the tree.</summary>
/// <param name="Release">The kernel release whose list of host bridges counts.</param>
/// <param name="IsZen">Whether processor 0 is AMD of family 0x17 or later: then every host bridge passes peer-to-peer traffic (row R51d).</param>
public sealed record P2PRules(KernelRelease Release, bool IsZen)
{
    /// <summary>The release whose rules are really used: <see cref="Release"/>, or the nearest one whose rules are known.</summary>
    public KernelRelease Judged => Release.CompareTo(KernelRelease.Oldest) < 0 ? KernelRelease.Oldest
        : Release.CompareTo(KernelRelease.Newest) > 0 ? KernelRelease.Newest
        : Release;
}
