// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.ComponentModel;
using System.Diagnostics;
using Physr.Paging;

namespace Physr.Cli.Page;

/// <summary>Kills the pager that serves with SIGKILL, again and again. One that was killed is not killed twice, so that no other process that got its number is.</summary>
/// <param name="host">Whose pager.</param>
/// <param name="milliseconds">The time between two kills.</param>
internal sealed class PagerKiller(PagerHost host, int milliseconds)
{
    private const int MostLooks = 3000;
    private const int LookMilliseconds = 10;

    private int _last;

    /// <summary>How many died of it.</summary>
    public int Kills { get; private set; }

    /// <summary>Kills until it is told to stop.</summary>
    public void Run(CancellationToken stop)
    {
        while (!stop.WaitHandle.WaitOne(milliseconds))
        {
            int pager = host.ProcessId;
            if (pager != _last && TryKill(pager))
            {
                Kills++;
                _last = pager;
            }
        }
    }

    /// <summary>Waits until another pager goes on in the place of the one that was killed last; a while at the most.</summary>
    /// <param name="region">A region that it serves: where none goes on, that has failed.</param>
    public void AwaitSuccessor(DevicePrivateRegion region)
    {
        using ManualResetEvent never = new(false);
        for (int look = 0; look < MostLooks && host.ProcessId == _last && region.Health != RegionHealth.Failed; look++)
        {
            never.WaitOne(LookMilliseconds);
        }
    }

    private static bool TryKill(int id)
    {
        try
        {
            using Process pager = Process.GetProcessById(id);
            pager.Kill();
            return true;
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It is gone already, by itself.
            return false;
        }
    }
}
