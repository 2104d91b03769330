// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Scenarios.Reading;

namespace Physr.Machine.Scenarios;

/// <summary>
/// Reads scenarios (<c>docs/scenarios.md</c>), strictly: what is not understood is refused. Mistakes come as results, each with its line,
/// its column and what would be right; one mistake gives one message, and at most twenty are given, in the text's order.
/// </summary>
public static class ScenarioReader
{
    /// <summary>Reads a file. Nothing is written; backing files are opened and closed.</summary>
    /// <param name="path">The file, of at most 1 MiB of UTF-8.</param>
    /// <param name="fileOverrides">Backing files by namespace, which win over the scenario's; relative to the working folder. May be null.</param>
    /// <param name="scenario">The scenario; null where there are errors.</param>
    /// <param name="errors">What is wrong; an error of the file itself, or of an override, has line 0.</param>
    /// <returns>Whether the scenario can be run.</returns>
    public static bool TryRead(
        string path,
        IReadOnlyDictionary<string, string>? fileOverrides,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Scenario? scenario,
        out IReadOnlyList<ScenarioError> errors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        scenario = null;
        byte[] bytes;
        try
        {
            if (Directory.Exists(path))
            {
                errors = [new(path, 0, 0, "is a directory; name a scenario file")];
                return false;
            }

            bytes = DocumentText.ReadBytes(path);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            string reason = failure is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : failure.Message.TrimEnd('.');
            errors = [new(path, 0, 0, $"cannot read the scenario: {reason}")];
            return false;
        }

        return TryRead(bytes, path, Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/", fileOverrides, out scenario, out errors);
    }

    /// <summary>Reads a scenario from memory.</summary>
    /// <param name="utf8">The text's bytes.</param>
    /// <param name="name">What errors call the file.</param>
    /// <param name="folder">Where relative backing paths begin.</param>
    /// <param name="fileOverrides">Backing files by namespace; may be null.</param>
    /// <param name="scenario">The scenario; null where there are errors.</param>
    /// <param name="errors">What is wrong.</param>
    /// <returns>Whether the scenario can be run.</returns>
    public static bool TryRead(
        ReadOnlySpan<byte> utf8,
        string name,
        string folder,
        IReadOnlyDictionary<string, string>? fileOverrides,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Scenario? scenario,
        out IReadOnlyList<ScenarioError> errors)
    {
        ErrorList list = new(name);
        scenario = null;
        if (DocumentText.Decode(utf8, list) is { } text && DocumentText.IsPlain(text, list) && DocumentParser.Parse(text, list) is { } root)
        {
            scenario = ScenarioBuilder.Build(root, folder, fileOverrides, list);
        }

        errors = list.ToList();
        return scenario is not null;
    }
}
