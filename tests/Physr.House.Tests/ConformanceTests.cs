// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.RegularExpressions;

namespace Physr.House.Tests;

/// <summary>docs/conformance.md says for each row and each named test of the field which test of ours proves it, or why there is none. These tests keep it true.</summary>
public sealed partial class ConformanceTests
{
    private const int Rows = 92;

    /// <summary>Names that more than one fixture has.</summary>
    private static readonly HashSet<string> s_shared = ["basic", "simple_close", "map", "bind", "rows", "replace", "device", "fork"];

    private static readonly Lazy<ILookup<string, string>> s_ours = new(static () =>
        Repository.TestFiles
            .SelectMany(static path => Method().Matches(File.ReadAllText(path)).Select(static match => match.Groups[1].Value))
            .ToLookup(BareName, StringComparer.Ordinal));

    private static readonly string s_text = ReadOrUpdate();

    [Fact]
    public void EveryRowIsListedOnce_InOrder()
    {
        int[] listed = [.. RowLine().Matches(s_text).Select(static match => int.Parse(match.Groups["row"].Value))];
        Assert.Equal(Enumerable.Range(1, Rows), listed);
    }

    [Fact]
    public void ARowNamesEveryTestThatCitesIt_AndNoOther()
    {
        ILookup<int, string> citing = TestsByRow();
        foreach (Match line in RowLine().Matches(s_text))
        {
            int row = int.Parse(line.Groups["row"].Value);
            string[] named = [.. TestName().Matches(line.Groups["tests"].Value).Select(static match => match.Value).Order(StringComparer.Ordinal)];
            string[] wanted = [.. citing[row].Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
            Assert.True(named.SequenceEqual(wanted, StringComparer.Ordinal), $"R{row}: docs/conformance.md names [{string.Join(", ", named)}], the sources have [{string.Join(", ", wanted)}]. Run PHYSR_UPDATE_DOCS=1 dotnet test tests/Physr.House.Tests.");
        }
    }

    [Fact]
    public void ARowWithoutATestSaysWhy()
    {
        foreach (Match line in RowLine().Matches(s_text))
        {
            bool hasTest = TestName().IsMatch(line.Groups["tests"].Value);
            Assert.True(hasTest || line.Groups["why"].Value.Trim().Length > 10, $"R{line.Groups["row"].Value} has neither a test nor a reason.");
        }
    }

    [Theory]
    [InlineData("hmm-tests", 39)]
    [InlineData("gup and longterm pins", 4)]
    [InlineData("cow", 12)]
    [InlineData("memory-failure", 3)]
    [InlineData("pfnmap", 6)]
    [InlineData("guard-regions", 11)]
    [InlineData("merge", 7)]
    [InlineData("iommufd", 66)]
    [InlineData("iommufd fail_nth", 8)]
    [InlineData("generic page table", 20)]
    [InlineData("data structures", 8)]
    [InlineData("vfio", 13)]
    [InlineData("dma-debug", 25)]
    public void EachSuiteListsAllItsTests(string suite, int count)
    {
        Match section = Regex.Match(s_text, @"^### " + Regex.Escape(suite) + @"\n.*?(?=^### |^## |\z)", RegexOptions.Multiline | RegexOptions.Singleline);
        Assert.True(section.Success, suite);
        Assert.Equal(count, SuiteLine().Count(section.Value));
    }

    [Fact]
    public void ATestOfASuiteNamesOursOfTheSameName_OrSaysWhyThereIsNone()
    {
        foreach (Match line in SuiteLine().Matches(s_text))
        {
            string suiteTest = $"{line.Groups["fixture"].Value}.{line.Groups["test"].Value}";
            string[] wanted = OursFor(line);
            string[] named = NamedIn(line.Groups["ours"].Value);
            Assert.True(named.SequenceEqual(wanted, StringComparer.Ordinal), $"{suiteTest}: docs/conformance.md names [{string.Join(", ", named)}], the sources have [{string.Join(", ", wanted)}]. Run PHYSR_UPDATE_DOCS=1 dotnet test tests/Physr.House.Tests.");
            Assert.True(named.Length > 0 || line.Groups["ours"].Value.Trim().Length >= 7, $"{suiteTest} has neither a test nor a reason.");
        }
    }

    [Fact]
    public void WhatTheListOfNdctlNames_Exists()
    {
        string section = Regex.Match(s_text, @"^### nvdimm and ndctl\n.*?(?=^### )", RegexOptions.Multiline | RegexOptions.Singleline).Value;
        string[] methods = [.. Repository.TestFiles.SelectMany(static path => Regex.Matches(File.ReadAllText(path), @"public (?:void|async Task|Task) ([A-Za-z0-9_]+)\(").Select(static match => match.Groups[1].Value))];
        string[] classes = [.. Repository.TestFiles.Select(static path => Path.GetFileNameWithoutExtension(path)!)];
        string[] named = [.. Regex.Matches(section, "`(?:Physr[.][A-Za-z.]*[.])?([A-Za-z0-9]+Tests)?[.]?([A-Z][A-Za-z0-9]*_[A-Za-z0-9_]*)?([*])?`").Select(static match => match.Value.Trim('`')).Where(static name => name.Length != 0)];
        Assert.True(named.Length > 30, $"{named.Length} names");
        foreach (string name in named)
        {
            string last = name.Split('.')[^1];
            string? type = name.Split('.').FirstOrDefault(static part => part.EndsWith("Tests", StringComparison.Ordinal));
            Assert.True(type is null || classes.Contains(type, StringComparer.Ordinal), $"there is no {type}");
            Assert.True(
                last == type || methods.Any(method => last.EndsWith('*') ? method.StartsWith(last.TrimEnd('*'), StringComparison.Ordinal) : method == last),
                $"there is no test {name}");
        }
    }

    private static string ReadOrUpdate()
    {
        string path = Repository.PathOf("docs/conformance.md");
        string text = File.ReadAllText(path);
        if (Environment.GetEnvironmentVariable("PHYSR_UPDATE_DOCS") != "1")
        {
            return text;
        }

        ILookup<int, string> citing = TestsByRow();
        text = RowLine().Replace(text, line =>
        {
            IEnumerable<string> names = citing[int.Parse(line.Groups["row"].Value)].Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
            return $"| R{line.Groups["row"].Value} | {line.Groups["concept"].Value} | {string.Join("<br>", names.Select(static name => $"`{name}`"))} | {line.Groups["why"].Value} |";
        });
        text = SuiteLine().Replace(text, static line =>
        {
            string[] ours = OursFor(line);
            bool hadTests = NamedIn(line.Groups["ours"].Value).Length > 0 || TestName().IsMatch(line.Groups["ours"].Value);
            string column = ours.Length > 0 ? string.Join("<br>", ours.Select(static name => $"`{name}`")) : hadTests ? "" : line.Groups["ours"].Value;
            return $"| `{line.Groups["fixture"].Value}.{line.Groups["test"].Value}` | {column} |";
        });
        File.WriteAllText(path, text);
        return text;
    }

    /// <summary>The tests of ours that a line names: those with rows, and those that have just the suite's name.</summary>
    private static string[] NamedIn(string column) =>
        [.. Quoted().Matches(column).Select(static match => match.Groups[1].Value).Where(static name => TestName().IsMatch(name) || s_ours.Value[BareName(name)].Contains(name, StringComparer.Ordinal))];

    private static ILookup<int, string> TestsByRow() =>
        Repository.TestFiles
            .SelectMany(static path => Method().Matches(File.ReadAllText(path)).Select(static match => match.Groups[1].Value))
            .SelectMany(static name => CitedRows(name).Select(row => (Row: row, Name: name)))
            .ToLookup(static pair => pair.Row, static pair => pair.Name);

    /// <summary>Our tests of a suite's test: after the rows their name is the test's, or its fixture's and the test's, and may go on with words of its own (R71_copy_sweep,
    /// R91_fail_nth_basic). A name that two fixtures share needs the fixture.</summary>
    private static string[] OursFor(Match line)
    {
        string test = line.Groups["test"].Value;
        string full = $"{line.Groups["fixture"].Value}_{test}";
        return [.. s_ours.Value[test].Concat(s_ours.Value[full]).Distinct(StringComparer.Ordinal).Where(name => !s_shared.Contains(test) || BareName(name) == full).Order(StringComparer.Ordinal)];
    }

    /// <summary>A test's name without its rows and without what follows in words of ours: those begin with a capital.</summary>
    private static string BareName(string name) => Regex.Match(name, "^(?:R[0-9]+[a-z]*_)*([a-z0-9]+(?:_[a-z0-9]+)*)(?:_[A-Z].*)?$").Groups[1].Value;

    /// <summary>The rows at the front of a test's name: R50c_, R46a_R46b_, R1_.</summary>
    private static IEnumerable<int> CitedRows(string name) =>
        Regex.Match(name, "^(?:R([0-9]+)[a-z]*_)+").Groups[1].Captures.Select(static capture => int.Parse(capture.Value)).Distinct();

    [GeneratedRegex(@"^\| R(?<row>[0-9]+) \| (?<concept>[^|]*) \| (?<tests>[^|]*) \| (?<why>[^|]*) \|$", RegexOptions.Multiline)]
    private static partial Regex RowLine();

    [GeneratedRegex(@"^\| `(?<fixture>[a-z0-9_]+)\.(?<test>[a-z0-9_]+)` \| (?<ours>[^|]*) \|$", RegexOptions.Multiline)]
    private static partial Regex SuiteLine();

    [GeneratedRegex("R[0-9]+[a-z]*_[A-Za-z0-9_]+")]
    private static partial Regex TestName();

    [GeneratedRegex("`([A-Za-z][A-Za-z0-9_]*)`")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"^    public (?:async )?(?:void|Task) (R[0-9]+[a-z]*_\w+|[a-z][a-z0-9_]*)\(", RegexOptions.Multiline)]
    private static partial Regex Method();
}
