// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Victim;

/// <summary>A thread that does nothing but collect garbage, so that the others are stopped wherever they are.</summary>
internal sealed class CollectionStorm : IDisposable
{
    private readonly Thread _thread;
    private readonly int _pauseMs;
    private volatile bool _isStopping;

    /// <summary>Begins.</summary>
    /// <param name="pauseMs">Milliseconds between two collections, where others have something to do as well. 0: none.</param>
    public CollectionStorm(int pauseMs = 0)
    {
        _pauseMs = pauseMs;
        _thread = new(Run) { Name = "storm", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Collections so far.</summary>
    public int Count => GC.CollectionCount(0);

    public void Dispose()
    {
        _isStopping = true;
        _thread.Join();
    }

    private void Run()
    {
        while (!_isStopping)
        {
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
            if (_pauseMs != 0)
            {
                Thread.Sleep(_pauseMs);
            }
        }
    }
}
