// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Processes;

namespace Physr.Paging.Victim;

/// <summary>Kills the process that serves a region, without a warning, again and again: always the one that a region's words name, as soon as they name another, or a moment later.</summary>
internal sealed class PagerKiller : IDisposable
{
    private const int Kill = 9;

    private readonly DevicePrivateRegion[] _regions;
    private readonly Random _random;
    private readonly int _most;
    private readonly int _longestMs;
    private readonly Thread _thread;
    private volatile bool _isStopping;
    private int _kills;

    public PagerKiller(DevicePrivateRegion[] regions, int seed, int most, int longestMs)
    {
        _regions = regions;
        _random = new(seed);
        _most = most;
        _longestMs = longestMs;
        _thread = new(Run) { Name = "killer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Pagers that were killed.</summary>
    public int Kills => Volatile.Read(ref _kills);

    /// <summary>Whether all that were to be killed are dead.</summary>
    public bool IsDone => Kills >= _most;

    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
    }

    private void Run()
    {
        int last = 0;
        while (!_isStopping && !IsDone)
        {
            // Now the first region that a pager takes over says so, now the last.
            DevicePrivateRegion region = _regions[_random.Next(_regions.Length)];
            int serving;
            while (((serving = region.Control.PagerId) == last || serving == 0) && !_isStopping)
            {
                Thread.Sleep(1);
            }

            Thread.Sleep(_random.Next(_longestMs + 1));
            if (!_isStopping && Pidfd.TryOpen(serving, out Pidfd? pager) == Errno.None)
            {
                _ = pager!.Signal(Kill);
                pager.Dispose();
                last = serving;
                Interlocked.Increment(ref _kills);
            }
        }
    }
}
