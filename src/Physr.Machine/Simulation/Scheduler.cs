// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Simulation;

/// <summary>The one clock and event queue of a machine. Events of one moment run in an order drawn from the seed: same seed, same run; another seed explores
/// another interleaving.</summary>
/// <remarks>Single-threaded. Once the queue has grown to the run's depth, scheduling allocates nothing.</remarks>
public sealed class Scheduler
{
    private readonly EventQueue _queue = new();
    private readonly SeededRandom _ties;

    /// <summary>Makes a clock at time zero.</summary>
    public Scheduler(ulong seed)
    {
        Seed = seed;
        _ties = SeededRandom.For(seed, "scheduler");
    }

    /// <summary>The seed of the run.</summary>
    public ulong Seed { get; }

    /// <summary>The present moment.</summary>
    public SimTime Now { get; private set; }

    /// <summary>How many events have run.</summary>
    public ulong EventsRun { get; private set; }

    /// <summary>How many events wait.</summary>
    public int Pending => _queue.Count;

    /// <summary>Asks for a call at a moment, which is not in the past.</summary>
    public void At(SimTime when, ISimulated target, int kind, ulong argument = 0)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (when.CompareTo(Now) < 0)
        {
            throw new PhysrException("schedule", target.ToString() ?? "?", Errno.EINVAL, $"{when} lies before {Now}");
        }

        _queue.Enqueue(when.Picoseconds, _ties.Next(), new(target, kind, argument));
    }

    /// <summary>Asks for a call after a span.</summary>
    public void After(SimTime span, ISimulated target, int kind, ulong argument = 0) => At(Now.Add(span), target, kind, argument);

    /// <summary>Runs the next event; false when none waits.</summary>
    public bool Step()
    {
        if (!_queue.TryDequeue(out EventQueue.Event next, out ulong time))
        {
            return false;
        }

        Now = new(time);
        EventsRun++;
        next.Target.OnEvent(next.Kind, next.Argument);
        return true;
    }

    /// <summary>Runs events until none waits.</summary>
    /// <param name="maxEvents">A bound that stops a machine that never comes to rest.</param>
    /// <exception cref="PhysrException">The bound was reached.</exception>
    public void RunToIdle(ulong maxEvents = ulong.MaxValue)
    {
        for (ulong run = 0; Step(); run++)
        {
            if (run == maxEvents)
            {
                throw new PhysrException("run", "scheduler", Errno.ETIMEDOUT, $"still busy after {maxEvents} events (seed {Seed})");
            }
        }
    }
}
