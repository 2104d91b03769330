// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma;
using Physr.Memory;
using Physr.Pci.Topology;

namespace Physr.Pci.Routing;

/// <summary>Answers the DMA layer's question by the router: which PCI function a DMA device and a provider are, and how one reaches the other.</summary>
public sealed class P2PRoutes : IP2PRoutes
{
    private readonly P2PRouter _router;
    private readonly ConditionalWeakTable<DmaDevice, PciFunction> _clients = [];

    /// <summary>Makes the answers of a router.</summary>
    public P2PRoutes(P2PRouter router)
    {
        ArgumentNullException.ThrowIfNull(router);
        _router = router;
    }

    /// <summary>Says which function a DMA device is: itself, or the nearest PCI function above it (row R54a).</summary>
    public void Attach(DmaDevice device, PciFunction function) => _clients.AddOrUpdate(device, function);

    /// <summary>The function of a device; null for one that hangs off none.</summary>
    public PciFunction? FunctionOf(DmaDevice device) => _clients.TryGetValue(device, out PciFunction? function) ? function : null;

    /// <inheritdoc/>
    public P2PMapType MapTypeOf(P2PProvider provider, DmaDevice client)
    {
        ArgumentNullException.ThrowIfNull(provider);
        return provider.Device is PciFunction owner && FunctionOf(client) is { } function ? _router.Route(owner, function).MapType : P2PMapType.NotSupported;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Explain(P2PProvider provider, DmaDevice client)
    {
        ArgumentNullException.ThrowIfNull(provider);
        if (provider.Device is not PciFunction owner)
        {
            return [$"{provider.Owner} is no PCI function"];
        }

        return FunctionOf(client) is { } function
            ? [.. _router.Judge(owner, function).Reasons.Select(static reason => reason.Text)]
            : [$"{client} hangs off no PCI function"];
    }
}
