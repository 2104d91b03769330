// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>The threads of one exploration: made when first needed, reused from run to run, ended with it.</summary>
internal sealed class Troupe : IDisposable
{
    private const int Patience = 1_000;

    private readonly List<ActorThread> _threads = [];

    /// <summary>The thread that waits until a run is over.</summary>
    public Turn Director { get; } = new();

    /// <summary>Has threads enough for a run, and tells them about it.</summary>
    public IReadOnlyList<ActorThread> Cast(Run run, int actors)
    {
        while (_threads.Count < actors)
        {
            _threads.Add(new(_threads.Count));
        }

        foreach (ActorThread thread in _threads)
        {
            thread.Run = run;
        }

        return _threads;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        int patience = Patience;
        foreach (ActorThread thread in _threads)
        {
            // Where one is stuck (a stalled run), the others have had their time.
            patience = thread.Stop(patience) ? patience : 0;
        }

        Director.Dispose();
    }
}
