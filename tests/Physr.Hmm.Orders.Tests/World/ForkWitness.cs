// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Sees what a child gets: between the last mirror's callback and the end of a fork nobody can write the parent's pages.</summary>
internal sealed class ForkWitness(Process parent) : IntervalNotifier(parent.Space, parent.Range)
{
    /// <summary>The parent's values as the child gets them; null where it had no pages.</summary>
    public ulong[]? Values { get; private set; }

    protected internal override bool Invalidate(in NotifierRange range) => true;

    protected internal override void FinishInvalidate(in NotifierRange range)
    {
        if (range.Event == NotifierEvent.ProtectionOfPage)
        {
            Values = (ulong[])parent.Values.Clone();
        }
    }
}
