// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Follows stretches as far as they go: one ends early where its actor cannot go on.</summary>
internal sealed class StretchChooser(IReadOnlyList<Stretch> stretches) : Chooser
{
    private int _at;
    private int _had;

    /// <inheritdoc/>
    public override int Choose(in Decision decision)
    {
        for (; _at < stretches.Count; _at++, _had = 0)
        {
            if (_had < stretches[_at].Steps && decision.IsEligible(stretches[_at].Actor))
            {
                _had++;
                return stretches[_at].Actor;
            }
        }

        return decision.Calmest;
    }
}
