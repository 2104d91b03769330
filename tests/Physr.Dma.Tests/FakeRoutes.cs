// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Dma.Tests;

/// <summary>Routes by the provider's owner name.</summary>
internal sealed class FakeRoutes : IP2PRoutes
{
    public Dictionary<string, P2PMapType> ByOwner { get; } = new(StringComparer.Ordinal);

    public P2PMapType MapTypeOf(P2PProvider provider, DmaDevice client) => ByOwner[provider.Owner];

    public IReadOnlyList<string> Explain(P2PProvider provider, DmaDevice client) => [$"{provider.Owner} is {ByOwner[provider.Owner]} for {client}"];
}
