// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>One owner at a time for each row or region; others wait in the order in which they came.</summary>
internal sealed class StripeLocks(StepQueue ready)
{
    private readonly Dictionary<ulong, Queue<Step<bool>>?> _held = [];
    private readonly Step<bool> _now = Step<bool>.Of(true);

    /// <summary>How many are held.</summary>
    public int Count => _held.Count;

    /// <summary>Whether a key is held.</summary>
    public bool IsHeld(ulong key) => _held.Count != 0 && _held.ContainsKey(key);

    /// <summary>Waits for a key.</summary>
    public Step<bool> Enter(ulong key)
    {
        if (_held.TryAdd(key, null))
        {
            return _now;
        }

        Step<bool> turn = new();
        (_held[key] ??= new()).Enqueue(turn);
        return turn;
    }

    /// <summary>Gives a key back.</summary>
    public void Exit(ulong key)
    {
        if (_held[key] is { } waiting && waiting.TryDequeue(out Step<bool>? next))
        {
            ready.Post(next);
        }
        else
        {
            _held.Remove(key);
        }
    }
}
