// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>Draws who has the next turn.</summary>
/// <param name="random">Where from.</param>
/// <param name="switchOneIn">The same actor goes on but for one time in so many; 1 gives everybody the same chance each time.</param>
internal sealed class RandomChooser(Random random, int switchOneIn) : Chooser
{
    /// <inheritdoc/>
    public override int Choose(in Decision decision)
    {
        if (switchOneIn > 1 && random.Next(switchOneIn) != 0)
        {
            return decision.Calmest;
        }

        int left = random.Next(System.Numerics.BitOperations.PopCount(decision.Eligible));
        uint eligible = decision.Eligible;
        for (; left > 0; left--)
        {
            eligible &= eligible - 1;
        }

        return System.Numerics.BitOperations.TrailingZeroCount(eligible);
    }
}
