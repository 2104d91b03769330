// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>Makes a failing sequence short: drops operations, then simplifies those that are left. Each candidate is run again in both worlds; any difference counts.</summary>
internal sealed class Shrinker(Func<MmSequence, Difference?> check, int mostRuns = 3000)
{
    private Difference _best = null!;
    private bool _changed;
    private int _runs;

    public Difference Shrink(Difference difference)
    {
        _best = difference;
        Try(Until(difference));
        do
        {
            _changed = false;
            Drop();
            Try(_best.Sequence with { Mode = ProbeMode.Quiet });
            Simplify();
        }
        while (_changed && _runs < mostRuns);

        return _best;
    }

    /// <summary>The operations up to the difference.</summary>
    private static MmSequence Until(Difference difference) => difference.Sequence with { Ops = [.. difference.Sequence.Ops.Take(difference.Step + 1)] };

    private bool Try(MmSequence candidate)
    {
        if (_runs >= mostRuns || candidate.Equals(_best.Sequence))
        {
            return false;
        }

        _runs++;
        if (check(candidate) is not { } difference)
        {
            return false;
        }

        _best = difference with { Sequence = Until(difference) };
        _changed = true;
        return true;
    }

    private void Drop()
    {
        for (int size = Math.Max(1, _best.Sequence.Ops.Count / 2); size >= 1; size /= 2)
        {
            for (int at = _best.Sequence.Ops.Count - size; at >= 0; at -= size)
            {
                at = Math.Min(at, _best.Sequence.Ops.Count - size);
                if (at < 0)
                {
                    break;
                }

                MmOp[] fewer = [.. _best.Sequence.Ops.Where((_, i) => i < at || i >= at + size)];
                Try(_best.Sequence with { Ops = fewer });
            }
        }
    }

    private void Simplify()
    {
        for (int i = 0; i < _best.Sequence.Ops.Count; i++)
        {
            bool again;
            do
            {
                again = false;
                foreach (MmOp simpler in Simplifications.Of(_best.Sequence.Ops[i]))
                {
                    MmOp[] ops = [.. _best.Sequence.Ops];
                    ops[i] = simpler;
                    if (Try(_best.Sequence with { Ops = ops }))
                    {
                        again = true;
                        break;
                    }
                }
            }
            while (again && i < _best.Sequence.Ops.Count);
        }
    }
}
