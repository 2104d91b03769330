// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>What can be done to a revocable buffer; each is a program of steps (<see cref="RevocableRules.Program"/>).</summary>
public enum RevocableOperation
{
    /// <summary>None: steps of an importer's own, between operations.</summary>
    None = 0,

    /// <summary>An importer maps; it holds the reservation lock.</summary>
    Map,

    /// <summary>An importer unmaps; it holds the reservation lock.</summary>
    Unmap,

    /// <summary>The exporter takes the memory back for a while: memory decoding goes off, a reset, a power state.</summary>
    Revoke,

    /// <summary>The exporter gives it out again.</summary>
    Unrevoke,

    /// <summary>The exporter takes it back for good: the device goes.</summary>
    Close,
}
