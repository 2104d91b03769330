// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Testing.Interleaving;

/// <summary>A thread that plays one actor of run after run.</summary>
internal sealed class ActorThread : IInterleaver
{
    private readonly int _index;
    private readonly Thread _thread;
    private volatile bool _isStopping;

    /// <summary>Starts it; it waits for its first turn.</summary>
    /// <param name="index">The actor that it plays.</param>
    public ActorThread(int index)
    {
        _index = index;
        _thread = new Thread(Play) { IsBackground = true, Name = $"actor {index}" };
        _thread.UnsafeStart();
    }

    /// <summary>Its right to run.</summary>
    public Turn Turn { get; } = new();

    /// <summary>The run that it plays in next.</summary>
    public Run? Run { get; set; }

    /// <inheritdoc/>
    public void Reach(string point) => Run!.Pause(_index, ActorState.Ready, point);

    /// <inheritdoc/>
    public void Block(string what) => Run!.Pause(_index, ActorState.Waiting, what);

    /// <summary>Ends it; false where it is stuck in an actor.</summary>
    /// <param name="patience">How long to wait for it, in milliseconds.</param>
    public bool Stop(int patience)
    {
        _isStopping = true;
        Turn.Give();
        if (!_thread.Join(patience))
        {
            return false;
        }

        Turn.Dispose();
        return true;
    }

    private void Play()
    {
        SchedulePoint.Current = this;
        while (true)
        {
            _ = Turn.Await();
            if (_isStopping)
            {
                return;
            }

            Run run = Run!;
            Exception? thrown = null;
            try
            {
                run.Begin(_index);
            }
            catch (Exception exception)
            {
                thrown = exception;
            }

            run.Finish(_index, thrown);
            if (_isStopping)
            {
                return;
            }
        }
    }
}
