// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Machine.Scenarios;

namespace Physr.Cli.Tests.Infrastructure;

/// <summary>The repository's own scenario.</summary>
internal static class ScenarioFile
{
    public static string RepositoryRoot { get; } = FindRoot();

    public static string Path { get; } = System.IO.Path.Combine(RepositoryRoot, "scenarios", "copy-offload.yaml");

    public static Scenario Sample
    {
        get
        {
            Assert.True(ScenarioReader.TryRead(Path, null, out Scenario? scenario, out IReadOnlyList<ScenarioError> errors), string.Join('\n', errors));
            return scenario;
        }
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        string? folder = System.IO.Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder, "Physr.slnx")))
        {
            folder = System.IO.Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException($"no Physr.slnx above {here}");
    }
}
