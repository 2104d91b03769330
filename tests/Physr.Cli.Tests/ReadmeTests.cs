// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Tests;

/// <summary>What the README shows is what the tool prints: the main job is run, and each line of its table, wall time aside, must stand there.</summary>
public class ReadmeTests
{
    [Theory]
    [InlineData(true, "run", "scenarios/copy-offload.yaml")]
    [InlineData(false, "memmap", "scenarios/copy-offload.yaml")]
    public void TheReadmeShowsRealOutput(bool onlyTable, string verb, string scenario)
    {
        string root = FindRoot();
        string[] readme = File.ReadAllLines(Path.Combine(root, "README.md"));
        using StringWriter output = new();
        using StringWriter error = new();
        Assert.Equal(ExitCode.Success, PhysrCli.Invoke([verb, Path.Combine(root, scenario)], new Terminal(output, error)));
        IEnumerable<string> lines = output.ToString().Split('\n').Select(static line => line.TrimEnd());
        lines = onlyTable ? lines.TakeWhile(static line => !line.StartsWith("bounce: ", StringComparison.Ordinal)) : lines;
        Assert.All(lines.Where(static line => !line.StartsWith(" wall time", StringComparison.Ordinal)), line => Assert.Contains(line, readme));
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Physr.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("No Physr.slnx above " + AppContext.BaseDirectory);
    }
}
