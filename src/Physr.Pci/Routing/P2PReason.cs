// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>One reason for a verdict.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Subject">The function or host bridge concerned; empty for none.</param>
/// <param name="Text">The reason as a sentence without a full stop.</param>
public sealed record P2PReason(P2PReasonKind Kind, string Subject, string Text)
{
    /// <summary>The sentence.</summary>
    public override string ToString() => Text;
}
