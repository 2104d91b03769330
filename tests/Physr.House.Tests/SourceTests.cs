// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.RegularExpressions;

namespace Physr.House.Tests;

/// <summary>What every source file keeps to.</summary>
public sealed partial class SourceTests
{
    private const string Header = "// Copyright (c) The Physr authors. Licensed under the MIT license.";

    [Fact]
    public void EverySourceFileStartsWithTheHeader()
    {
        Assert.All(Repository.SourceFiles.Concat(Repository.TestFiles), static path => Assert.StartsWith(Header, File.ReadAllText(path), StringComparison.Ordinal));
    }

    [Fact]
    public void EveryUnsafeBlockOrPointerUseHasASafetyCommentInItsFile()
    {
        foreach (string path in Repository.SourceFiles)
        {
            string text = File.ReadAllText(path);
            if (UnsafeKeyword().IsMatch(text))
            {
                Assert.True(text.Contains("// SAFETY:", StringComparison.Ordinal), $"{Repository.Relative(path)} uses unsafe without a SAFETY comment.");
            }
        }
    }

    [Fact]
    public void NamesSayWhatThingsAre()
    {
        Assert.All(Repository.SourceFiles, static path => Assert.DoesNotMatch("(Util|Common|Helper|Manager)s?[.]", Path.GetFileName(path)));
    }

    [Fact]
    public void AFileLongerThan300LinesIsAnException()
    {
        string[] longer = [.. Repository.SourceFiles.Where(static path => File.ReadLines(path).Count() > 300).Select(Repository.Relative)];
        Assert.True(longer.Length <= 3, "Split Type.Role.cs: " + string.Join(", ", longer));
    }

    [Fact]
    public void NothingIsLeftUnfinished()
    {
        foreach (string path in Repository.SourceFiles)
        {
            Assert.DoesNotMatch(@"NotImplementedException|\b(TODO|FIXME|HACK)\b|catch *(\(Exception[^)]*\))? *\{ *\}|Thread\.Sleep", File.ReadAllText(path));
        }
    }

    [GeneratedRegex(@"^[^/]*\bunsafe\b", RegexOptions.Multiline)]
    private static partial Regex UnsafeKeyword();
}
