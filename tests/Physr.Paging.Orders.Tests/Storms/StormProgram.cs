// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Testing.Interleaving;

namespace Physr.Paging.Orders.Tests;

/// <summary>A random program of a few threads on one region, drawn from a seed, together with what fails and who dies.</summary>
internal sealed class StormProgram
{
    /// <summary>Pages of the region.</summary>
    public const int Pages = 4;

    private const int Deeds = 4;

    private readonly PagingWorld _world;
    private readonly Random _random;
    private readonly bool _mayClear;
    private readonly bool _mayDiscard;

    private StormProgram(PagingWorld world, Random random)
    {
        (_world, _random) = (world, random);
        _mayClear = random.Next(8) == 0;
        _mayDiscard = !_mayClear && random.Next(6) == 0;
    }

    /// <summary>A program of a seed.</summary>
    public static void Build(PagingWorld world, Scenario scenario)
    {
        Random random = new(scenario.Seed);
        bool isSlow = random.Next(4) == 0;
        bool hasHandlers = isSlow || random.Next(3) != 0;
        world.Reset(new()
        {
            Pages = Pages,
            Budget = 1 + random.Next(3),
            RunPages = 1 + random.Next(4),
            IsMapped = random.Next(3) == 0,
            KeepsPoison = random.Next(3) == 0,
            IsFine = random.Next(2) == 0,
            IsSlow = isSlow,
            HasHandlers = hasHandlers,
            HasMover = isSlow || random.Next(3) == 0,
        });
        new StormProgram(world, random).Build(scenario);
    }

    private void Build(Scenario scenario)
    {
        DrawFailures();
        WorldOptions options = _world.Options;
        for (int at = options.HasHandlers ? 1 + _random.Next(2) : 0; at > 0; at--)
        {
            _world.Handler(scenario, $"handler{at}");
        }

        if (options.HasMover)
        {
            _world.Mover(scenario, "mover");
        }

        if (options.IsSlow)
        {
            _world.Disk(scenario, "disk");
        }

        for (int at = 1 + _random.Next(3); at > 0; at--)
        {
            Random own = new(_random.Next());
            _world.Client(scenario, $"client{at}", client => Each(own, () => Touch(client, own)));
        }

        for (int at = _random.Next(3); at > 0; at--)
        {
            Random own = new(_random.Next());
            _world.Client(scenario, $"asker{at}", client => Each(own, () => Ask(client, own)));
        }

        for (int at = Math.Max(0, _random.Next(5) - 2); at > 0; at--)
        {
            _world.Client(scenario, $"killer{at}", static client => client.KillPager());
        }
    }

    private void DrawFailures()
    {
        if (_random.Next(4) == 0)
        {
            _world.MayPoison = true;
            _world.Medium.FailingReads[_random.Next(Pages)] = 1 + _random.Next(2);
        }

        if (_random.Next(4) == 0)
        {
            _world.MayFailToPersist = true;
            _world.Medium.FailingWrites[_random.Next(Pages)] = 1 + _random.Next(2);
            _world.Medium.FailingFlushes = _random.Next(2);
        }

        if (_mayDiscard)
        {
            (_world.MayPoison, _world.MayFailToPersist) = (true, true);
        }

        if (_random.Next(6) == 0)
        {
            (_world.MayPoison, _world.MayFailToPersist) = (true, true);
            _world.Pager.Window.Failures = (_random.Next(2) == 0 ? Errno.EAGAIN : Errno.ENOMEM, 1 + _random.Next(3));
        }
    }

    private static void Each(Random random, Action deed)
    {
        for (int left = 1 + random.Next(Deeds); left > 0; left--)
        {
            deed();
        }
    }

    private void Touch(Client client, Random random)
    {
        int page = random.Next(Pages);
        int count = 1 + random.Next(Math.Min(2, Pages - page));
        switch (random.Next(8))
        {
            case < 3:
                _ = client.Store(page);
                break;
            case < 5:
                _ = client.Load(page);
                break;
            case 5 when random.Next(4) == 0:
                client.Unmap(page);
                break;
            case 5 when _mayDiscard:
                client.Remove(page);
                break;
            case < 7:
                client.HoldAndTouch(page, count, isWrite: random.Next(2) == 0);
                break;
            default:
                if (_mayClear)
                {
                    client.ClearFailures();
                }
                else
                {
                    client.Persist();
                }

                break;
        }
    }

    private static void Ask(Client client, Random random)
    {
        int page = random.Next(Pages);
        int count = 1 + random.Next(Pages - page);
        switch (random.Next(7))
        {
            case < 3:
                client.Evict(1 + random.Next(3));
                break;
            case 3:
                client.EvictRange(page, count);
                break;
            case 4:
                client.BringAhead(page, count);
                break;
            case 5:
                client.SetBudget(1 + random.Next(3));
                break;
            default:
                client.Persist();
                break;
        }
    }
}
