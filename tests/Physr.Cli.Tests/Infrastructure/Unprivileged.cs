// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.Versioning;

namespace Physr.Cli.Tests.Infrastructure;

/// <summary>Runs the tool as somebody whom permissions bind: the process itself, or, where the tests run as root, a process of user 65534 on a copy that it may
/// read.</summary>
[UnsupportedOSPlatform("windows")]
internal static class Unprivileged
{
    private const string Nobody = "65534";

    public static (int ExitCode, string Output, string Error) Run(params string[] args)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return Start("dotnet", [typeof(PhysrCli).Assembly.Location, .. args]);
        }

        bool canDrop = File.Exists("/usr/bin/setpriv");
        Assert.False(!canDrop && Environment.GetEnvironmentVariable("CI") == "true", "setpriv (util-linux) is needed to run as another user");
        Skip.If(!canDrop, "the tests run as root, and there is no setpriv to run the tool as another user");
        using TemporaryFolder folder = new();
        Open(folder.Path);
        foreach (string file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.dll").Concat(Directory.EnumerateFiles(AppContext.BaseDirectory, "physr*.json")))
        {
            string copy = Path.Combine(folder.Path, Path.GetFileName(file));
            File.Copy(file, copy);
            Open(copy);
        }

        return Start("/usr/bin/setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", "dotnet", Path.Combine(folder.Path, "physr.dll"), .. args]);
    }

    /// <summary>Lets everybody read a file or enter a directory.</summary>
    public static void Open(string path) =>
        File.SetUnixFileMode(path, (UnixFileMode)(Directory.Exists(path) ? 0b111_101_101 : 0b110_100_100));

    private static (int ExitCode, string Output, string Error) Start(string program, IEnumerable<string> args)
    {
        ProcessStartInfo start = new(program, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HOME"] = Path.GetTempPath();
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
