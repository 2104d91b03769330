// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Physr.Paging.Victim;

/// <summary>Threads that read and write a region, and everything they write into ordinary memory as well; every read is compared. Each page belongs to one thread.</summary>
internal sealed unsafe class ShadowWork : IDisposable
{
    private const int PageBytes = 4096;

    private readonly DevicePrivateRegion _region;
    private readonly Thread[] _threads;
    private readonly byte* _shadow;
    private readonly long _pages;
    private readonly long[] _steps;
    private long _operations;
    private long _longest;
    private volatile bool _isStopping;
    private volatile string? _failure;

    /// <summary>Makes the shadow; the region is all zeros.</summary>
    public ShadowWork(DevicePrivateRegion region, int threads, int seed, Touches touches, int burst, long operations = long.MaxValue)
    {
        _region = region;
        _pages = (long)(region.Length / PageBytes);
        _shadow = (byte*)NativeMemory.AllocZeroed((nuint)region.Length);
        _threads = new Thread[threads];
        _steps = new long[threads];
        for (int index = 0; index < threads; index++)
        {
            int own = index;
            _threads[index] = new(() => Run(own, new(seed + own), touches, burst, operations / threads)) { Name = $"work {own}", IsBackground = true };
        }
    }

    /// <summary>Reads and writes so far.</summary>
    public long Operations => Volatile.Read(ref _operations);

    /// <summary>How often each thread went to a page.</summary>
    public IReadOnlyList<long> Steps => _steps;

    /// <summary>The longest that some touches of a page took together, as a rule because a pager took over meanwhile.</summary>
    public TimeSpan Longest => Stopwatch.GetElapsedTime(0, Volatile.Read(ref _longest));

    /// <summary>The first thing that was wrong; null: nothing.</summary>
    public string? Failure => _failure;

    public void Start() => Array.ForEach(_threads, static thread => thread.Start());

    public void Stop()
    {
        _isStopping = true;
        Join();
    }

    public void Join() => Array.ForEach(_threads, static thread => thread.Join());

    /// <summary>Compares all of the region.</summary>
    public string? Check()
    {
        for (long page = 0; page < _pages && _failure is null; page++)
        {
            Compare(page, 0, PageBytes);
        }

        return _failure;
    }

    /// <summary>Compares bytes from elsewhere with what the region should have.</summary>
    public bool IsAll(ReadOnlySpan<byte> bytes, long offset) => bytes.SequenceEqual(new(_shadow + offset, bytes.Length));

    /// <summary>Stops, also where a test has failed. A thread that waits for good keeps its shadow.</summary>
    public void Dispose()
    {
        _isStopping = true;
        if (Array.TrueForAll(_threads, static thread => (thread.ThreadState & System.Threading.ThreadState.Unstarted) != System.Threading.ThreadState.Running || thread.Join(10_000)))
        {
            NativeMemory.Free(_shadow);
        }
    }

    private void Run(int own, Random random, Touches touches, int burst, long operations)
    {
        long mine = (_pages - own + _threads.Length - 1) / _threads.Length;
        long next = 0;
        while (!_isStopping && _failure is null && operations > 0)
        {
            next = touches switch
            {
                Touches.Sequential => (next + 1) % mine,
                Touches.Random => random.NextInt64(mine),
                _ => Zipf(random, mine),
            };
            long page = (next * _threads.Length) + own;
            int count = (int)Math.Min(burst, operations);
            long start = Stopwatch.GetTimestamp();
            try
            {
                if (random.Next(8) == 0)
                {
                    using ResidencyLease lease = _region.Acquire((ulong)page * PageBytes, PageBytes, random.Next(2) == 0 ? LeaseAccess.Read : LeaseAccess.Write);
                    Burst(page, count, random);
                }
                else
                {
                    Burst(page, count, random);
                }
            }
            catch (DevicePrivateFaultException exception)
            {
                _failure ??= exception.Message;
            }

            long took = Stopwatch.GetTimestamp() - start;
            for (long longest = Volatile.Read(ref _longest); took > longest; longest = Volatile.Read(ref _longest))
            {
                Interlocked.CompareExchange(ref _longest, took, longest);
            }

            operations -= count;
            Interlocked.Add(ref _operations, count);
            Interlocked.Increment(ref _steps[own]);
        }
    }

    /// <summary>As often as the square of the square: one page of a hundred has two thirds of the touches.</summary>
    private static long Zipf(Random random, long count)
    {
        double at = random.NextDouble();
        return (long)(at * at * at * at * count) * 61 % count;
    }

    private void Burst(long page, int count, Random random)
    {
        byte* real = _region.Pointer + (page * PageBytes);
        byte* shadow = _shadow + (page * PageBytes);
        for (int index = 0; index < count; index++)
        {
            int at = random.Next(PageBytes - sizeof(long) + 1);
            switch (random.Next(16))
            {
                case < 9:
                    if (*(long*)(real + at) != *(long*)(shadow + at))
                    {
                        Differ(page, at, *(long*)(real + at), *(long*)(shadow + at));
                        return;
                    }

                    break;
                case < 15:
                    *(long*)(real + at) = *(long*)(shadow + at) = random.NextInt64();
                    break;
                default:
                    Compare(page, at & ~255, 256);
                    break;
            }
        }
    }

    private void Compare(long page, int at, int length)
    {
        byte* real = _region.Pointer + (page * PageBytes) + at;
        byte* shadow = _shadow + (page * PageBytes) + at;
        int same = new ReadOnlySpan<byte>(real, length).CommonPrefixLength(new ReadOnlySpan<byte>(shadow, length));
        if (same != length)
        {
            Differ(page, at + same, real[same], shadow[same]);
        }
    }

    private void Differ(long page, int at, long real, long shadow) =>
        _failure ??= $"page {page} byte {at}: 0x{real:x}, and 0x{shadow:x} was written; its word is {Control.PageWord.Describe(_region.Control.Word((ulong)page))}";
}
