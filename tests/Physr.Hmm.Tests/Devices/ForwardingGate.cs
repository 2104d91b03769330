// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Hmm.Tests;

/// <summary>Asks somebody else, who may change.</summary>
internal sealed class ForwardingGate(Func<string, bool> ask) : IAllocationGate
{
    public bool TryPass(string site) => ask(site);
}
