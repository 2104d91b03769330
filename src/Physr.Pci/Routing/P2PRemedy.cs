// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>Something that would change a verdict.</summary>
/// <param name="Kind">What kind of change.</param>
/// <param name="Text">What to do and what results.</param>
/// <param name="Command">The kernel parameter or command line, exact; empty for none.</param>
public sealed record P2PRemedy(P2PRemedyKind Kind, string Text, string Command = "")
{
    /// <summary>The text and the command.</summary>
    public override string ToString() => Command.Length != 0 ? $"{Text}: {Command}" : Text;
}
