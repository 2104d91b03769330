// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Preempts nobody.</summary>
internal sealed class CalmChooser : Chooser
{
    /// <inheritdoc/>
    public override int Choose(in Decision decision) => decision.Calmest;
}
