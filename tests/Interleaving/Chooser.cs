// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Says who has the next turn.</summary>
internal abstract class Chooser
{
    /// <summary>Picks one of those that can have the turn.</summary>
    /// <exception cref="DivergedException">Whom it would have picked cannot.</exception>
    public abstract int Choose(in Decision decision);

    /// <summary>The one picked last looked, and waits on: nothing has changed, and it cannot have the next turn.</summary>
    public virtual void LookedInVain()
    {
    }
}
