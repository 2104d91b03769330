// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Paging.Engine;

namespace Physr.Pager;

/// <content>Regions that come and go.</content>
internal sealed partial class PagerService
{
    private static readonly TimeSpan s_longestClose = TimeSpan.FromSeconds(30);

    /// <summary>Opens a region, sets right what another pager left, and has it served. On failure its descriptors are closed.</summary>
    private Errno TryServe(RegionRecord record, out string reason)
    {
        int place = Array.IndexOf(_regions, null);
        if (place < 0)
        {
            record.Dispose();
            reason = $"this pager serves {MostRegions} regions already";
            return Errno.ENOSPC;
        }

        Errno errno = ServedRegion.TryOpen(record, _budget, this, _steps, _handlers.Length, _mover!, out ServedRegion? region, out reason);
        if (region is null)
        {
            return errno;
        }

        region.Index = place;
        errno = region.Store.IsBlocking ? TryDefer(region, out reason) : Errno.None;
        Errno lane = FaultLane.TryCreate(isWriter: false, out FaultLane? recovery, out string why);
        if (errno != Errno.None || lane != Errno.None)
        {
            reason = reason.Length == 0 ? why : reason;
            region.Dispose();
            return errno == Errno.None ? lane : errno;
        }

        // The table first: a mover that recovery calls finds the region there.
        _regionPlaces = Math.Max(_regionPlaces, place + 1);
        Volatile.Write(ref _regions[place], region);
        _served[(record.Client, record.Id)] = region;
        using (recovery)
        {
            region.Engine.Recover(recovery!);
        }

        region.Control.TakeOver(Environment.ProcessId);
        foreach (FaultHandler handler in _handlers)
        {
            errno = errno == Errno.None ? handler.Add(region) : errno;
        }

        if (errno != Errno.None)
        {
            reason = $"its descriptors cannot be waited for ({errno})";
            Close(region, null);
        }

        return errno;
    }

    /// <summary>Gives a region whose store may take long a mover of its own, and each handler a way to read without waiting.</summary>
    private Errno TryDefer(ServedRegion region, out string reason)
    {
        Errno errno = Mover.TryCreate(this, isWriter: true, $"mover of region {region.Record.Id}", out Mover? mover, out reason);
        region.Mover = mover ?? region.Mover;
        for (int index = 0; index < _handlers.Length && errno == Errno.None; index++)
        {
            errno = DeferredReads.TryCreate(region.Store, out region.Reads[index], out reason);
        }

        return errno;
    }

    /// <summary>Nobody waits for a region's descriptors any more, and nobody finds it.</summary>
    private void Forget(ServedRegion region)
    {
        region.Forget(_handlers);
        Volatile.Write(ref _regions[region.Index], null);
    }

    /// <summary>Lets go of a region: its changed pages are written back first where its store outlives it.</summary>
    private void Close(ServedRegion region, Action? then)
    {
        uint client = region.Record.Client, id = region.Record.Id;
        Forget(region);
        _served.Remove((client, id));
        if (_state.Clients.TryGetValue(client, out ClientRecord? owner))
        {
            owner.Regions.Remove(id);
        }

        ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                CloseAway(region);
                Post(() =>
                {
                    if (_successor is not null)
                    {
                        Told(PagerState.TellGone(_successor, client, id));
                    }

                    then?.Invoke();
                });
            },
            null);
    }

    /// <summary>Ends a region that nobody finds any more, on a thread that may wait for its store.</summary>
    private void CloseAway(ServedRegion region)
    {
        // Each handler ends its own reads; only then can nobody be in the region.
        foreach (FaultHandler handler in _handlers)
        {
            if (region.Reads[handler.Index] is { } reads)
            {
                using ManualResetEventSlim ended = new(false);
                handler.Post(_ =>
                {
                    reads.Dispose();
                    ended.Set();
                });
                ended.Wait();
            }
        }

        ManualResetEventSlim written = new(false);
        PersistRequest request = new(0, region.Store.IsDurable ? region.Engine.Pages : 0);
        region.Mover.Post(lane =>
        {
            bool isDone = !region.Store.IsDurable || region.Engine.Persist(request, lane);
            if (isDone)
            {
                written.Set();
            }

            return isDone;
        });

        // A store that hangs for good keeps what it has; the process ends without it.
        if (written.Wait(s_longestClose))
        {
            // The region first: jobs of its that are still to come find it gone, and say so.
            region.Dispose();
            if (region.Mover != _mover)
            {
                region.Mover.Dispose();
            }

            written.Dispose();
        }
    }
}
