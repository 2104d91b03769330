// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Text.RegularExpressions;

namespace Physr.House.Tests;

/// <summary>A project references only projects on floors below it.</summary>
public sealed partial class FloorTests
{
    /// <summary>Each project and what it may reference; the picture is in docs/architecture.md.</summary>
    private static readonly Dictionary<string, string[]> s_allowed = new(StringComparer.Ordinal)
    {
        ["Physr.Ranges"] = [],
        ["Physr.Memory"] = ["Physr.Ranges"],
        ["Physr.Linux"] = ["Physr.Ranges"],
        ["Physr.Dma"] = ["Physr.Ranges", "Physr.Memory"],
        ["Physr.Mm"] = ["Physr.Ranges", "Physr.Memory"],
        ["Physr.Hmm"] = ["Physr.Ranges", "Physr.Memory", "Physr.Dma", "Physr.Mm"],
        ["Physr.Pci"] = ["Physr.Ranges", "Physr.Memory", "Physr.Dma"],
        ["Physr.Storage"] = ["Physr.Ranges", "Physr.Memory", "Physr.Dma", "Physr.Mm"],
        ["Physr.Machine"] = ["Physr.Ranges", "Physr.Memory", "Physr.Dma", "Physr.Mm", "Physr.Pci", "Physr.Hmm", "Physr.Storage"],
        ["Physr.Paging"] = ["Physr.Ranges", "Physr.Memory", "Physr.Mm", "Physr.Hmm", "Physr.Dma", "Physr.Linux"],
        ["Physr.Pager"] = ["Physr.Ranges", "Physr.Linux", "Physr.Paging"],
        ["Physr.Cli"] = ["Physr.Ranges", "Physr.Memory", "Physr.Dma", "Physr.Mm", "Physr.Pci", "Physr.Hmm", "Physr.Storage", "Physr.Machine", "Physr.Linux", "Physr.Paging", "Physr.Pager"],
    };

    [Fact]
    public void AProjectReferencesOnlyFloorsBelowIt()
    {
        foreach (string path in Repository.Files("src", "*.csproj"))
        {
            string project = Path.GetFileNameWithoutExtension(path);
            Assert.True(s_allowed.TryGetValue(project, out string[]? allowed), $"{project} has no floor: add it to docs/architecture.md and here.");
            string[] referenced = [.. Reference().Matches(File.ReadAllText(path)).Select(static match => match.Groups[1].Value)];
            Assert.All(referenced, name => Assert.Contains(name, allowed, StringComparer.Ordinal));
        }
    }

    [Fact]
    public void OnlyStatedProjectsUseUnsafeCode_AndTheirReadmeSaysWhy()
    {
        foreach (string path in Repository.Files("src", "*.csproj"))
        {
            string readme = Path.Combine(Path.GetDirectoryName(path)!, "README.md");
            bool isUnsafe = File.ReadAllText(path).Contains("<AllowUnsafeBlocks>true", StringComparison.Ordinal);
            Assert.Equal(isUnsafe, File.ReadAllText(readme).Contains("## Why unsafe", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void EachProjectHasAReadmeWithItsKnownHoles()
    {
        foreach (string path in Repository.Files("src", "*.csproj"))
        {
            string readme = Path.Combine(Path.GetDirectoryName(path)!, "README.md");
            Assert.True(File.Exists(readme), $"{Repository.Relative(readme)} is missing.");
            Assert.Contains("## Known holes", File.ReadAllText(readme), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void NativeCodeIsCalledFromOneProjectAlone()
    {
        string[] callers =
        [
            .. Repository.SourceFiles
                .Where(static path => NativeCall().IsMatch(File.ReadAllText(path)))
                .Select(static path => Repository.Relative(path).Replace('\\', '/').Split('/')[1])
                .Distinct(StringComparer.Ordinal),
        ];
        Assert.Equal(["Physr.Linux"], callers);
    }

    [GeneratedRegex(@"\[(DllImport|LibraryImport)\b|\bNativeLibrary\s*\.|\bdelegate\*\s*unmanaged\b|\bextern\b[^/]*\(")]
    private static partial Regex NativeCall();

    [GeneratedRegex("<ProjectReference Include=\"[^\"]*/([A-Za-z.]+)\\.csproj\"")]
    private static partial Regex Reference();
}
