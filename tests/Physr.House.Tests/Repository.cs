// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.House.Tests;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static IReadOnlyList<string> SourceFiles { get; } = Files("src", "*.cs");

    public static IReadOnlyList<string> TestFiles { get; } = Files("tests", "*.cs");

    public static string PathOf(string relative) => Path.Combine(Root, relative);

    public static string Relative(string path) => Path.GetRelativePath(Root, path);

    public static IReadOnlyList<string> Files(string folder, string pattern) =>
        [.. Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories).Where(static path => !path.Contains("/obj/") && !path.Contains("/bin/")).Order(StringComparer.Ordinal)];

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Physr.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("No Physr.slnx above " + AppContext.BaseDirectory);
    }
}
