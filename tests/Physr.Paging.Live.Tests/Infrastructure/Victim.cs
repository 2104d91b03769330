// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;

namespace Physr.Paging.Live.Tests;

/// <summary>A child process: the application that a test lets run, hang or die.</summary>
internal sealed class Victim : IDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(240);

    private readonly Process _process;
    private readonly List<string> _lines = [];
    private readonly Task<string> _error;

    private Victim(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, data) =>
        {
            if (data.Data is not null)
            {
                lock (_lines)
                {
                    _lines.Add(data.Data);
                }
            }
        };
        process.BeginOutputReadLine();
        _error = process.StandardError.ReadToEndAsync();
    }

    /// <summary>The host that runs these tests.</summary>
    public static string Dotnet => Environment.ProcessPath is { } path && path.EndsWith("/dotnet", StringComparison.Ordinal) ? path : "dotnet";

    /// <summary>Its process.</summary>
    public int Id => _process.Id;

    /// <summary>What it has said.</summary>
    public string[] Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>What it has complained of, after its end.</summary>
    public string Error => _error.Wait(s_longest) ? _error.Result : "(somebody still writes there)";

    /// <summary>Starts it: <c>VERB NAME=VALUE...</c>.</summary>
    public static Victim Start(params string[] args) => Start(Dotnet, [Path.Combine(AppContext.BaseDirectory, "Physr.Paging.Victim.dll"), .. args]);

    /// <summary>Starts a program.</summary>
    public static Victim Start(string program, string[] args)
    {
        ProcessStartInfo start = new(program, args) { RedirectStandardError = true, RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";

        // It is killed as a rule, and would leave the pipes of its diagnostics in the folder for temporary files; its pagers are, too.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["HOME"] = Path.GetTempPath();
        return new(Process.Start(start)!);
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code (128 and the signal, where it died of one); null: it goes on.</returns>
    public int? WaitForEnd(TimeSpan longest)
    {
        if (!_process.WaitForExit(longest))
        {
            return null;
        }

        HearOut();
        return _process.ExitCode;
    }

    /// <summary>Waits for its end, which has to be a good one.</summary>
    public string[] Finish()
    {
        int? code = WaitForEnd(s_longest);
        Assert.True(code == 0, $"{(code is null ? "it hangs" : $"exit {code}")}: {string.Join(" / ", Lines)} {(code is null ? "" : Error)}");
        return Lines;
    }

    /// <summary>Waits until it says something that begins so.</summary>
    public string WaitForLine(string beginning) => WaitForLineOrEnd(beginning) ?? throw new InvalidOperationException($"it ended without '{beginning}': {string.Join(" / ", Lines)} {Error}");

    /// <summary>Waits until it says something that begins so, or ends.</summary>
    public string? WaitForLineOrEnd(string beginning)
    {
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < s_longest; Thread.Sleep(2))
        {
            bool hasEnded = _process.HasExited;
            if (hasEnded)
            {
                HearOut();
            }

            if (Array.Find(Lines, line => line.StartsWith(beginning, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            if (hasEnded)
            {
                return null;
            }
        }

        throw new TimeoutException($"it said only: {string.Join(" / ", Lines)}");
    }

    /// <summary>It has ended: waits until all that it said was heard. Its pagers have its output as well, and have to end too.</summary>
    private void HearOut() => Assert.True(Task.Run(_process.WaitForExit).Wait(s_longest), $"process {Id} has ended, and a pager of it goes on: {string.Join(" / ", Lines)}");

    /// <summary>Says a line to it.</summary>
    public void Say(string line) => _process.StandardInput.WriteLine(line);

    /// <summary>Ends its input, which asks it to come to an end.</summary>
    public void End() => _process.StandardInput.Close();

    /// <summary>Kills it without a warning.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit(s_longest);
        }

        _process.Dispose();
    }
}
