// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Globalization;
using Physr.Linux.Processes;

namespace Physr.Paging.Live.Tests;

/// <summary>The processes of a pager, to be killed.</summary>
internal static class PagerLine
{
    private const int Sigkill = 9;

    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(120);

    /// <summary>Kills a process without a warning; nothing where it is gone.</summary>
    public static void Kill(int process)
    {
        if (Pidfd.TryOpen(process, out Pidfd? pidfd) == Errno.None)
        {
            _ = pidfd!.Signal(Sigkill);
            pidfd.Dispose();
        }
    }

    /// <summary>The living child of a pager: the one that waits to take its place. 0: there is none at this moment.</summary>
    public static int StandbyOf(int process)
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) && Stat(id) is [not "Z", var parent, ..] && parent == process.ToString(CultureInfo.InvariantCulture))
            {
                return id;
            }
        }

        return 0;
    }

    /// <summary>Waits until a pager has one that waits, other than the one that it had.</summary>
    public static int WaitForStandby(int process, int other = 0)
    {
        int standby = 0;
        WaitFor(() => (standby = StandbyOf(process)) != 0 && standby != other, "there is no standby");
        return standby;
    }

    /// <summary>Waits until a process is gone.</summary>
    public static void WaitForEnd(int process) => WaitFor(() => Stat(process) is [] or ["Z", ..], $"process {process} goes on");

    /// <summary>Waits until something is so.</summary>
    public static void WaitFor(Func<bool> isSo, string otherwise)
    {
        for (long start = Stopwatch.GetTimestamp(); !isSo(); Thread.Sleep(2))
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < s_longest, otherwise);
        }
    }

    /// <summary>State, parent, and what follows in proc(5); empty where the process is gone.</summary>
    private static string[] Stat(int process)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{process}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return [];
        }
    }
}
