// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Cli.Rendering;
using Physr.Cli.Tests.Infrastructure;
using Physr.Machine.Reports;

namespace Physr.Cli.Tests;

public class RunReportTextTests
{
    [Theory]
    [InlineData(80)]
    [InlineData(100)]
    [InlineData(160)]
    public void Text_StaysWithinTheTerminal_AndEndsNoLineWithBlanks(int width)
    {
        string text = Render(Reports.Good(), width);

        Assert.All(text.Split('\n'), line =>
        {
            Assert.True(line.Length <= width, $"{line.Length} columns: {line}");
            Assert.Equal(line.TrimEnd(), line);
        });
        Assert.EndsWith("verified: 5 of 5 routes, 0 leaks; replay with --seed 2017\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_HasNoEscapes_WhereTheOutputIsNoTerminal()
    {
        Assert.DoesNotContain('\u001b', Render(Reports.Good(), 100));
        Assert.Contains('\u001b', Render(Reports.Good(), 100, color: true));
    }

    [Fact]
    public void Text_NamesEachRouteItsVerdictAndItsReasons()
    {
        RunReport report = Reports.Good();
        string text = Render(report, 100);

        foreach (RouteReport route in report.Routes)
        {
            Assert.Contains($"{route.Name}: {route.Verdict}{(route.FellBack ? ", fell back to bounce" : "")}\n", text, StringComparison.Ordinal);
            Assert.All(route.Reasons, reason => Assert.Contains($"  {reason}\n", text, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Text_TellsWhatFailed_AndWhatLeaked()
    {
        RunReport report = new("broken", 7,
        [
            Reports.Bounce("bounce") with
            {
                Verified = false,
                Leaked = ["a", "b", "c"],
                Transfers = [new("copy [1]", 0, "", false, "nvme0: link down at step 4")],
            },
        ]);

        string text = Render(report, 100);

        Assert.Contains("failed: bounce: copy [1]: nvme0: link down at step 4\n", text, StringComparison.Ordinal);
        Assert.Contains("leaked: bounce: 3 not given back\n", text, StringComparison.Ordinal);
        Assert.EndsWith("verified: 0 of 1 routes, 3 leaks; replay with --seed 7\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_TellsOfTranslationAndBouncing_WhereARouteHasThem()
    {
        string without = Render(Reports.Good(), 160);
        Assert.DoesNotContain("IOTLB", without, StringComparison.Ordinal);
        Assert.DoesNotContain("bounced ", without, StringComparison.Ordinal);

        string text = Render(new("s", 1, [Reports.Bounce("plain"), Reports.Translated("translated"), Reports.Bounce("narrow") with { BounceBytes = 2048 }]), 160);
        Assert.Matches(@"IOMMU +- +lazy +-\n", text);
        Assert.Matches(@"IOVA, at most +- +1 B in 2 +-\n", text);
        Assert.Matches(@"IOTLB flushes +- +3 +-\n", text);
        Assert.Matches(@"IOTLB hits +- +45% of 11 +-\n", text);
        Assert.Matches(@"table pages +- +7 +-\n", text);
        Assert.Matches(@"IOMMU faults +- +8 +-\n", text);
        Assert.Matches(@"bounced +- +- +2 KiB\n", text);
    }

    [Fact]
    public void Text_SplitsManyRoutesIntoTablesThatFit()
    {
        RunReport report = new("many", 1, [.. Enumerable.Range(0, 23).Select(i => Reports.BusAddress($"route-number-{i}"))]);
        string text = Render(report, 80);

        Assert.All(text.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.All(report.Routes, route => Assert.Contains($"{route.Name}: busAddress", text, StringComparison.Ordinal));

        // Whole in every cell: no column is so narrow that it folds a digest.
        Assert.Equal(23, text.Split("aaaaaaaaaaaa").Length - 1);
    }

    private static string Render(RunReport report, int width, bool color = false)
    {
        Terminal terminal = new(TextWriter.Null, TextWriter.Null) { Width = width, HasColor = color };
        return new RunReportText(report, ScenarioFile.Sample, terminal).Render();
    }
}
