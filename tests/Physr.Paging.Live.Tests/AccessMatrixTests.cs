// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Globalization;
using Xunit.Abstractions;

namespace Physr.Paging.Live.Tests;

/// <summary>Every way in which code can touch a page, while garbage is collected all the time: it is served, as the pager is another process. And the reason for that: a handler in the same process hangs.</summary>
public sealed class AccessMatrixTests(ITestOutputHelper output)
{
    private const int Seed = 7;

    private static readonly TimeSpan s_still = TimeSpan.FromSeconds(3);

    [SkippableFact]
    public void EveryWayToTouchAPageIsServed_UnderAStormOfCollections()
    {
        LiveSystem.Require();
        using Victim child = Victim.Start("access", "touches=120", $"seed={Seed}");
        string[] lines = child.Finish();
        output.WriteLine($"seed {Seed}: {string.Join(" / ", lines)}");
        string[] ways = ["leaf-load", "leaf-store", "suppressed-transition", "scalar-loop", "vector-loop", "span-copy", "native-memory-copy", "memcpy", "kernel", "lease"];
        foreach (string way in ways)
        {
            string[] words = Assert.Single(lines, line => line.StartsWith($"ok {way} ", StringComparison.Ordinal)).Split(' ');
            Assert.True(int.Parse(words[3], CultureInfo.InvariantCulture) > 50, $"{way} met only {words[3]} pages that were away");
            Assert.True(int.Parse(words[5], CultureInfo.InvariantCulture) > 5, $"{way} met only {words[5]} collections");
        }
    }

    [SkippableTheory]
    [InlineData("leaf-load")]
    [InlineData("suppressed-transition")]
    public void AManagedHandlerInTheSameProcessHangs_AndThatIsWhyThePagerIsAnother(string way)
    {
        LiveSystem.Require();
        using Victim child = Victim.Start("hang", $"way={way}", "touches=1000000", "storm=1");
        child.WaitForLine("begun");

        // It goes on for a while, until a collection begins between a touch and its answer. Then nothing comes any more.
        int seen = -1;
        int quiet = 0;
        const int lookMs = 100;
        for (int looks = 0; looks < 600 && quiet * lookMs < s_still.TotalMilliseconds; looks++)
        {
            Thread.Sleep(lookMs);
            int now = child.Lines.Length;
            quiet = now == seen ? quiet + 1 : 0;
            seen = now;
        }

        output.WriteLine($"{way}: still after {seen - 1} touches");
        Assert.True(quiet * lookMs >= s_still.TotalMilliseconds, $"after {seen} touches it still goes on: the hang that the design avoids is not there to be seen");
        Assert.Null(child.WaitForEnd(TimeSpan.Zero));
    }

    [SkippableTheory]
    [InlineData("leaf-load", 0)] // nobody collects
    [InlineData("scalar-loop", 1)] // a thread can be stopped within the loop
    public void TheSameHandlerServesWhereNoCollectionWaitsForTheTouch(string way, int storm)
    {
        LiveSystem.Require();
        using Victim child = Victim.Start("hang", $"way={way}", "touches=100", $"storm={storm}");
        Assert.StartsWith("done", child.Finish()[^1], StringComparison.Ordinal);
    }
}
