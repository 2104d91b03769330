// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Cli.Tests.Infrastructure;

namespace Physr.Cli.Tests.Page;

/// <summary>The sample that sorts more than fits.</summary>
public sealed class SortSampleTests
{
    [SkippableFact]
    public void MoreThanIsResidentIsSorted_AndAFileKeepsIt()
    {
        PageFaults.Need();
        using TemporaryFolder folder = new();
        string path = folder.File("sorted");
        (int code, string output, string error) = Run("--size", "1MiB", "--resident", "256KiB", "--store", $"file:{path}", "--seed", "7");
        Assert.Equal((0, ""), (code, error));
        Assert.Contains("sorted and whole, by ", output, StringComparison.Ordinal);
        byte[] sorted = File.ReadAllBytes(path);
        ulong[] keys = [.. Enumerable.Range(0, sorted.Length / 16).Select(index => BitConverter.ToUInt64(sorted, index * 16))];
        Assert.Equal(65536, keys.Distinct().Count());
        Assert.Equal(keys.Order(), keys);

        (code, _, error) = Run("--size", "1MiB", "--resident", "256KiB", "--store", $"file:{path}");
        Assert.Equal(2, code);
        Assert.Contains("not there yet", Assert.Single(error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.Equal(sorted, File.ReadAllBytes(path));
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Physr.Samples.Sort.dll"), .. args]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
