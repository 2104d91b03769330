// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma;

/// <summary>Says how a device reaches a peer's memory. The PCI layer implements it; the DMA layer knows nothing of topology.</summary>
public interface IP2PRoutes
{
    /// <summary>The route from a client to a provider; never <see cref="P2PMapType.Unknown"/>. A device that the PCI layer does not know is
    /// <see cref="P2PMapType.NotSupported"/> (row R54a).</summary>
    P2PMapType MapTypeOf(P2PProvider provider, DmaDevice client);

    /// <summary>Why, one sentence each: for error messages, off the hot path.</summary>
    IReadOnlyList<string> Explain(P2PProvider provider, DmaDevice client);
}
