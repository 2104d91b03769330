// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma;

/// <summary>The routes of a machine on which no device reaches another's memory: for mappers that know nothing of a PCI tree.</summary>
public sealed class NoPeers : IP2PRoutes
{
    private static readonly string[] s_why = ["this mapper knows of no routes between devices"];

    private NoPeers()
    {
    }

    /// <summary>The one there is.</summary>
    public static NoPeers Instance { get; } = new();

    /// <inheritdoc/>
    public P2PMapType MapTypeOf(P2PProvider provider, DmaDevice client) => P2PMapType.NotSupported;

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain(P2PProvider provider, DmaDevice client) => s_why;
}
