// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using Physr.Mm;

namespace Physr.Hmm.Orders.Tests;

/// <summary>A thread that does as it likes. In each page it has a word of its own, which nobody else writes; the first word is a sum that all add to atomically.</summary>
internal sealed unsafe class FreeRunner
{
    private readonly World _world;
    private readonly Process _process;
    private readonly List<DeviceMirror> _mirrors;
    private readonly int _thread;
    private readonly bool _isHuge;
    private readonly Random _random;
    private readonly ulong[] _mine;
    private ulong _last;

    public FreeRunner(World world, Process process, List<DeviceMirror> mirrors, int thread, int seed, bool isHuge)
    {
        (_world, _process, _mirrors, _thread, _isHuge) = (world, process, mirrors, thread, isHuge);
        _random = new(seed);
        _mine = new ulong[process.Pages];
        Stride = isHuge ? 73 : 1;
    }

    /// <summary>Which pages are used: every so many.</summary>
    public int Stride { get; }

    public ulong Added { get; private set; }

    public long Deeds { get; private set; }

    public Exception? RunUntil(long end)
    {
        try
        {
            while (Stopwatch.GetTimestamp() < end)
            {
                Do(_random.Next((_process.Pages + Stride - 1) / Stride) * Stride);
                Deeds++;
            }

            return null;
        }
        catch (Exception exception)
        {
            return new InvalidOperationException($"thread {_thread} after {Deeds} deeds", exception);
        }
    }

    private VirtualAddress MineIn(int page) => _process.AddressOf(page).Add(8 * ((ulong)_thread + 1));

    private void Do(int page)
    {
        DeviceMirror mirror = _mirrors[_random.Next(_mirrors.Count)];
        TestDevice device = _world.Devices[_random.Next(_world.Devices.Count)];
        switch (_random.Next(24))
        {
            case < 5:
                _mine[page] = ++_last;
                Assert.Equal(AccessOutcome.Done, _process.Space.Store(MineIn(page), _last));
                break;
            case < 9:
                Assert.Equal(AccessOutcome.Done, _process.Space.Load(MineIn(page), out ulong found));
                Assert.Equal(_mine[page], found);
                break;
            case < 12:
                Assert.Equal(AccessOutcome.Done, _process.Space.AtomicAdd(_process.AddressOf(page), 1, out _));
                Added++;
                break;
            case < 15:
                _mine[page] = ++_last;
                Assert.Equal(Errno.None, mirror.Write(page, _last, _thread + 1));
                break;
            case < 17:
                Assert.Equal(Errno.None, mirror.Read(page, out ulong seen, _thread + 1));
                Assert.Equal(_mine[page], seen);
                break;
            case < 19:
                Move(device, page);
                break;
            case 19:
                _ = _isHuge ? device.EvictAll(isSplit: _random.Next(4) == 0) : device.Evict(4);
                break;
            case 20:
                _ = mirror.AddExclusively(page, 1, _ => Added++);
                break;
            case 21:
                Assert.Equal(Errno.None, _process.Space.TryAdvise(_process.AddressOf(page), PageSize.Size4K, _isHuge ? MemoryAdvice.Free : MemoryAdvice.PageOut));
                break;
            case 22 when _random.Next(_isHuge ? 64 : 8) == 0:
                Fork();
                break;
            default:
                Assert.Equal(Errno.None, _process.Space.TryPin(MineIn(page), 8, PinFlags.Write | PinFlags.LongTerm, out PinnedMemory? pinned));
                pinned!.Dispose();
                break;
        }
    }

    private void Move(TestDevice device, int page)
    {
        if (_isHuge)
        {
            device.MoveIn(_process, page & ~511, 512, isWhole: _random.Next(8) != 0, isSplit: _random.Next(4) == 0);
        }
        else
        {
            device.MoveIn(_process, page, Math.Min(_process.Pages - page, 4));
        }
    }

    private void Fork()
    {
        Assert.Equal(Errno.None, _process.Space.TryFork("child", out AddressSpace? child));
        using (child)
        {
            for (int page = 0; page < _process.Pages; page += Stride)
            {
                Assert.Equal(AccessOutcome.Done, child!.Load(MineIn(page), out ulong found));
                Assert.Equal(_mine[page], found);
                Assert.Equal(AccessOutcome.Done, child.Store(MineIn(page), ulong.MaxValue));
            }
        }
    }
}
