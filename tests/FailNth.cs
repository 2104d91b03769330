// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Testing;

/// <summary>Repeats a scenario with the Nth allocation or step that can fail failing, N = 1, 2, … until it passes (the kernel's <c>fail_nth</c>, row R91).</summary>
internal static class FailNth
{
    private const int Most = 5_000;

    /// <summary>Repeats.</summary>
    /// <param name="least">How many steps have to be failed: fewer mean that nobody asks the gate.</param>
    /// <param name="scenario">Does everything with the gate, checks that nothing is left behind, whatever failed, and says whether all of it went well.</param>
    /// <param name="isMadeGood">Of which sites a failure may go unnoticed, because there is another way; null is none.</param>
    /// <returns>The sites at which something failed.</returns>
    public static IReadOnlySet<string> Repeat(int least, Func<FailNthGate, bool> scenario, Func<string, bool>? isMadeGood = null)
    {
        HashSet<string> sites = new(StringComparer.Ordinal);
        for (int nth = 1; ; nth++)
        {
            Assert.True(nth <= Most, $"after {Most} failed steps the scenario still does not pass");
            FailNthGate gate = new(nth);
            bool passed = scenario(gate);
            if (gate.FailedAt is not { } site)
            {
                Assert.True(passed, "the scenario fails where nothing was made to");
                Assert.True(nth > least, $"only {nth - 1} steps can fail");
                return sites;
            }

            sites.Add(site);
            Assert.True(!passed || isMadeGood?.Invoke(site) == true, $"step {nth}: a failed '{site}' was swallowed");
        }
    }
}
