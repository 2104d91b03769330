// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Paging.Orders.Tests;

/// <summary>A thread while it is one of a pager: where the pager was killed meanwhile it does nothing more.</summary>
internal sealed class Mortal : IInterleaver
{
    private readonly IInterleaver? _inner;
    private readonly PagingWorld _world;
    private readonly int _life;

    private Mortal(IInterleaver? inner, PagingWorld world)
    {
        _inner = inner;
        _world = world;
        _life = world.Lives;
    }

    /// <summary>Does something as a thread of the pager that lives now.</summary>
    /// <exception cref="PagerDiedException">It was killed on the way.</exception>
    public static void Run(PagingWorld world, Action work)
    {
        IInterleaver? before = SchedulePoint.Current;
        SchedulePoint.Current = new Mortal(before, world);
        try
        {
            work();
        }
        finally
        {
            SchedulePoint.Current = before;
        }
    }

    /// <inheritdoc/>
    public void Reach(string point)
    {
        _inner?.Reach(point);
        ThrowIfDead();
    }

    /// <inheritdoc/>
    public void Block(string what)
    {
        if (_inner is null)
        {
            throw new InvalidOperationException($"Nobody is there to wait for: '{what}'.");
        }

        _inner.Block(what);
        ThrowIfDead();
    }

    private void ThrowIfDead()
    {
        if (_world.Lives != _life)
        {
            throw new PagerDiedException();
        }
    }
}
