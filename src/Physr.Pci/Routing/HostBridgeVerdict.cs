// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>Whether a host bridge passes peer-to-peer traffic, and why.</summary>
public enum HostBridgeVerdict : byte
{
    /// <summary>Not asked: the route does not touch it.</summary>
    NotAsked = 0,

    /// <summary>It passes: the processor is AMD Zen, and the list is not looked at (row R51d).</summary>
    Zen = 1,

    /// <summary>It passes: its representative is in the list.</summary>
    Listed = 2,

    /// <summary>It does not: its representative is in no row of this release.</summary>
    NotListed = 3,

    /// <summary>It does not: the first function of its root bus is neither 00.0 nor a root port, so nobody stands for it (row R51c).</summary>
    NoRepresentative = 4,

    /// <summary>It does not: its row holds below one host bridge only (row R51b).</summary>
    SameHostBridgeOnly = 5,
}
