// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli.Tests;

/// <summary>What the README shows is what the tool prints: the main job is run, and each line of its table, wall time aside, must stand there.</summary>
public class ReadmeTests
{
    [Theory]
    [InlineData("bounce: ", "run", "scenarios/copy-offload.yaml")]
    [InlineData(" route                    p2p-redirected-lazy", "run", "scenarios/iommu-copy-offload.yaml")]
    [InlineData(" route                iommu-strict", "run", "scenarios/unaddressable.yaml")]
    [InlineData("raid0: busAddress", "run", "scenarios/pmem-raid.yaml")]
    [InlineData(null, "memmap", "scenarios/copy-offload.yaml")]
    [InlineData(null, "trace check", "docs/examples/dma-trace.txt")]
    public void TheReadmeShowsRealOutput(string? upTo, string verb, string file)
    {
        string root = FindRoot();
        string[] readme = File.ReadAllLines(Path.Combine(root, "README.md"));
        using StringWriter output = new();
        using StringWriter error = new();
        int code = PhysrCli.Invoke([.. verb.Split(' '), Path.Combine(root, file)], new Terminal(output, error));
        Assert.Equal(verb == "trace check" ? ExitCode.Failure : ExitCode.Success, code);
        IEnumerable<string> lines = output.ToString().Split('\n').Select(static line => line.TrimEnd());
        lines = upTo is null ? lines : lines.TakeWhile(line => !line.StartsWith(upTo, StringComparison.Ordinal));
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
