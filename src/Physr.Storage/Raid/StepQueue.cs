// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>Steps whose turn has come, moved on by whoever submits or polls: a loop, not a recursion.</summary>
internal sealed class StepQueue
{
    private readonly Queue<Step<bool>> _ready = new();
    private bool _isDraining;

    /// <summary>Lets a step go on soon.</summary>
    public void Post(Step<bool> step) => _ready.Enqueue(step);

    /// <summary>Moves everything on that is ready.</summary>
    /// <returns>Whether anything was.</returns>
    public bool Drain()
    {
        if (_isDraining || _ready.Count == 0)
        {
            return false;
        }

        _isDraining = true;
        try
        {
            while (_ready.TryDequeue(out Step<bool>? step))
            {
                step.Complete(true);
            }
        }
        finally
        {
            _isDraining = false;
        }

        return true;
    }
}
