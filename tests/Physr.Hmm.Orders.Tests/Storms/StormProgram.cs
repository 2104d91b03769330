// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm;
using Physr.Testing.Interleaving;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A random program of a few threads on processes and devices, drawn from a seed.</summary>
internal sealed class StormProgram
{
    private const int MostProcesses = 3;

    private readonly World _world;
    private readonly int _pages;
    private readonly int[] _watched;
    private readonly bool _isHuge;

    private StormProgram(World world, int pages, int[] watched, bool isHuge)
    {
        _world = world;
        _pages = pages;
        _watched = watched;
        _isHuge = isHuge;
    }

    /// <summary>Pages that are single.</summary>
    public static void Small(World world, Scenario scenario)
    {
        Random random = new(scenario.Seed);
        new StormProgram(world, pages: 8 + random.Next(57), [0, 1, 2, 3, 7], isHuge: false).Build(random, scenario, actors: 4 + random.Next(3), deeds: 6);
    }

    /// <summary>Two pages of 2 MiB, whole and in pieces.</summary>
    public static void Huge(World world, Scenario scenario)
    {
        Random random = new(scenario.Seed);
        new StormProgram(world, pages: 1024, [0, 5, 511, 512, 1023], isHuge: true).Build(random, scenario, actors: 3 + random.Next(2), deeds: 3);
    }

    private void Build(Random random, Scenario scenario, int actors, int deeds)
    {
        Process first = _world.Spawn("first", _pages, _watched);
        foreach (TestDevice device in _world.Devices)
        {
            first.Mirror(device);
        }

        foreach (int page in _watched.Where(_ => random.Next(3) != 0))
        {
            first.Write(page);
        }

        bool isUnplugged = random.Next(8) == 0;
        for (int actor = 0; actor < actors; actor++)
        {
            Random own = new(random.Next());
            scenario.Actor($"actor{actor}", () =>
            {
                for (int deed = 0; deed < deeds; deed++)
                {
                    Do(own);
                }
            });
        }

        if (isUnplugged)
        {
            scenario.Actor("unplugger", _world.Devices[^1].Unplug);
            scenario.AtEnd(() => _world.Devices[^1].Register());
        }
    }

    private void Do(Random random)
    {
        Process process = _world.Processes[random.Next(_world.Processes.Count)];
        try
        {
            Do(random, process);
        }
        catch (ObjectDisposedException) when (process.Space.IsDisposed)
        {
            // It ended meanwhile.
        }
    }

    private void Do(Random random, Process process)
    {
        int page = _watched[random.Next(_watched.Length)];
        TestDevice device = _world.Devices[random.Next(_world.Devices.Count)];
        DeviceMirror? mirror = process.Mirrors.Count == 0 ? null : process.Mirrors[random.Next(process.Mirrors.Count)];
        switch (random.Next(_isHuge ? 20 : 26))
        {
            case 0 or 1 or 2:
                process.Write(page);
                break;
            case 3 or 4:
                process.Read(page);
                break;
            case 5 or 6 when mirror is not null:
                Check(process, page, process.DeviceWrite(mirror, page));
                break;
            case 7 when mirror is not null:
                Check(process, page, process.DeviceRead(mirror, page));
                break;
            case 8 or 9 or 10:
                Move(random, process, device, page);
                break;
            case 11 or 12:
                _ = _isHuge ? device.EvictAll(isSplit: random.Next(3) == 0) : device.Evict(1 + random.Next(4));
                break;
            case 13 when _world.Processes.Count < MostProcesses:
                process.Fork($"child{_world.Processes.Count}");
                break;
            case 14 when _world.Processes.IndexOf(process) is > 0 and int at:
                process.Space.Dispose();
                _ = at;
                break;
            case 15:
                process.Discard(page);
                break;
            case 16:
                process.Free(page);
                break;
            case 17 when mirror is not null:
                _ = mirror.AddExclusively(page, 1, now => process.WasWritten(page, now));
                break;
            case 18:
                Pin(process, page);
                break;
            case 19 when random.Next(3) == 0 && process == _world.Processes[0]:
                process.Unmap(_watched[^1], 1);
                break;
            case 20 or 21:
                process.Advise(page, MemoryAdvice.PageOut);
                break;
            default:
                process.Write(page);
                process.Read(page);
                break;
        }
    }

    private void Move(Random random, Process process, TestDevice device, int page)
    {
        if (_isHuge)
        {
            device.MoveIn(process, page & ~511, 512, isWhole: random.Next(4) != 0, isSplit: random.Next(3) == 0);
        }
        else
        {
            int first = Math.Max(0, page - random.Next(3));
            device.MoveIn(process, first, Math.Min(_pages - first, 1 + random.Next(4)));
        }
    }

    private static void Pin(Process process, int page)
    {
        Errno errno = process.Space.TryPin(process.AddressOf(page), PageSize.Size4K, PinFlags.Write | PinFlags.LongTerm, out PinnedMemory? pinned);
        if (errno == Errno.None)
        {
            using (pinned)
            {
                process.Write(page);
            }
        }
        else
        {
            Check(process, page, errno);
        }
    }

    private static void Check(Process process, int page, Errno errno) =>
        Assert.True(errno == Errno.None || process.Gone[page] || process.Space.IsDisposed, $"page {page} of {process.Space}: {errno}");
}
