// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <summary>Sees what a child gets: between the last mirror's callback and the end of a fork nobody can write the parent's pages.</summary>
internal sealed class ForkWitness(Process parent) : IntervalNotifier(parent.Space, parent.Range)
{
    /// <summary>The parent's values as the child gets them; null where it had no pages.</summary>
    public ulong[]? Values { get; private set; }

    /// <summary>Which of them may be zeros.</summary>
    public bool[]? MayBeZero { get; private set; }

    protected internal override bool Invalidate(in NotifierRange range) => true;

    protected internal override void FinishInvalidate(in NotifierRange range)
    {
        if (range.Event == NotifierEvent.ProtectionOfPage)
        {
            // Area by area: what lies in the others may still be written, or may be again.
            Values ??= new ulong[parent.Pages];
            MayBeZero ??= new bool[parent.Pages];
            ulong start = Math.Max(range.Range.Start.Value, Range.Start.Value) - Range.Start.Value;
            ulong end = Math.Min(range.Range.End.Value, Range.End.Value) - Range.Start.Value;
            int first = (int)(start >> PageSize.Shift4K);
            int pages = (int)((end - start) >> PageSize.Shift4K);
            parent.Values.AsSpan(first, pages).CopyTo(Values.AsSpan(first));
            parent.MayBeZero.AsSpan(first, pages).CopyTo(MayBeZero.AsSpan(first));
        }
    }
}
