// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Text;

namespace Physr.Live.Tests;

/// <summary>Starts programs of .NET and kills them, without a warning (SIGKILL), when a plan says so.</summary>
internal static class KillRounds
{
    /// <summary>One child from start to end.</summary>
    /// <param name="program">Its assembly.</param>
    /// <param name="arguments">What it is given.</param>
    /// <param name="plan">When it is killed; a child that ends before is not.</param>
    public static KilledChild Run(string program, IEnumerable<string> arguments, KillPlan plan)
    {
        ProcessStartInfo start = new("dotnet", [program, .. arguments]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        using Process child = Process.Start(start)!;
        Task<string> error = child.StandardError.ReadToEndAsync();
        List<string> lines = [];
        StringBuilder line = new();
        byte[] buffer = new byte[4096];
        bool isKilled = plan.AfterLines == 0;
        if (isKilled)
        {
            KillAfter(child, plan.Delay);
        }

        Stream output = child.StandardOutput.BaseStream;
        for (int count; (count = output.Read(buffer)) != 0;)
        {
            foreach (byte b in buffer.AsSpan(0, count))
            {
                if (b == '\n')
                {
                    lines.Add(line.ToString());
                    line.Clear();
                }
                else
                {
                    line.Append((char)b);
                }
            }

            if (!isKilled && lines.Count >= plan.AfterLines)
            {
                isKilled = true;
                KillAfter(child, plan.Delay);
            }
        }

        child.WaitForExit();
        return new(lines, child.ExitCode, error.GetAwaiter().GetResult());
    }

    /// <summary>Spins for the last millisecond: a timer knows no microseconds.</summary>
    private static void KillAfter(Process child, TimeSpan delay)
    {
        long started = Stopwatch.GetTimestamp();
        if (delay > TimeSpan.FromMilliseconds(2))
        {
            Thread.Sleep(delay - TimeSpan.FromMilliseconds(1));
        }

        while (Stopwatch.GetElapsedTime(started) < delay)
        {
            Thread.SpinWait(20);
        }

        child.Kill();
    }
}
