// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Diagnostics;
using System.Runtime.CompilerServices;
using Physr.Dma.Iova;

namespace Physr.Bench;

/// <summary>Live runs, and what to free and take next, worked out beforehand: for our allocator and for the C one alike. Threads start together and are timed until the last one ends.</summary>
// SAFETY: the functions have the signatures of native/iova_baseline.c, compiled with this project; arrays are pinned while C has their addresses, and their lengths go with them.
internal sealed unsafe class IovaRig : IDisposable
{
    private const ulong Last = (1UL << 48) - 1;
    private const int Steps = 1 << 16;
    private const int Rounds = 30;
    private const int RivalRounds = 12;
    private const long Pairs = 400_000;

    private readonly IovaAllocator _ours = new(PageSize.Size4K, new(0), new(Last));
    private readonly Side[] _sides;
    private readonly nint _space;
    private readonly delegate* unmanaged<nint, uint, ulong*, ulong*, uint*, ulong*, ulong, ulong, ulong, ulong, ulong> _pairs;
    private long _rivalPairs = 20_000;

    /// <summary>Fills both allocators.</summary>
    /// <param name="native">The C baseline; null to go without.</param>
    /// <param name="threads">How many, each with its share of the runs.</param>
    /// <param name="live">Runs out, of all threads together.</param>
    /// <param name="largest">Sizes are 4 KiB times 2^0 to 2^largest.</param>
    public IovaRig(NativeBaseline? native, int threads, int live, int largest)
    {
        _sides = [.. Enumerable.Range(0, threads).Select(thread => new Side((uint)thread, live / threads, largest))];
        if (native is not null)
        {
            _space = ((delegate* unmanaged<ulong, nint>)native.Export("iova_new"))(Last);
            _pairs = (delegate* unmanaged<nint, uint, ulong*, ulong*, uint*, ulong*, ulong, ulong, ulong, ulong, ulong>)native.Export("iova_pairs");
            var allocate = (delegate* unmanaged<nint, uint, ulong, ulong, ulong>)native.Export("iova_allocate");
            foreach (Side side in _sides)
            {
                for (int i = 0; i < side.Lengths.Length; i++)
                {
                    side.RivalLengths[i] = side.Lengths[i];
                    side.RivalAddresses[i] = allocate(_space, side.Thread, side.Lengths[i], Last);
                }
            }
        }
    }

    /// <summary>Pairs per second, all threads together, of ours and of the C baseline (not a number without one): the best of several rounds, the first ones in turn.</summary>
    public (double Ours, double Rival) Measure()
    {
        // Through the tiers of the JIT, and until magazines and depots are in their steady state.
        for (int i = 0; i < 40; i++)
        {
            Time(RunOurs, 50_000);
        }

        Thread.Sleep(150);
        Time(RunOurs, 4 * Pairs);
        double rival = double.NaN;
        if (_space != 0)
        {
            // As many pairs as take about 20 ms.
            double rate = Time(RunRival, _rivalPairs);
            _rivalPairs = Math.Clamp((long)(rate / 50), 2_000, Pairs);
            rival = 0;
        }

        double ours = 0;
        for (int round = 0; round < Rounds; round++)
        {
            ours = Math.Max(ours, Time(RunOurs, Pairs));
            rival = _space == 0 || round >= RivalRounds ? rival : Math.Max(rival, Time(RunRival, _rivalPairs));
        }

        return (ours, rival);
    }

    public void Dispose() => _ours.Dispose();

    private double Time(Action<Side, long> run, long pairs)
    {
        int ready = 0;
        long start = 0;
        Thread[] threads = [.. _sides.Select(side => new Thread(() =>
        {
            // The last one to arrive gives the sign; no third thread takes a core from them.
            if (Interlocked.Increment(ref ready) == _sides.Length)
            {
                Volatile.Write(ref start, Stopwatch.GetTimestamp());
            }

            while (Volatile.Read(ref start) == 0)
            {
                Thread.SpinWait(1);
            }

            run(side, pairs);
            side.Ended = Stopwatch.GetTimestamp();
        }))];
        Array.ForEach(threads, static thread => thread.Start());
        Array.ForEach(threads, static thread => thread.Join());
        return threads.Length * pairs / Stopwatch.GetElapsedTime(start, _sides.Max(static side => side.Ended)).TotalSeconds;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RunOurs(Side side, long pairs)
    {
        IovaAllocator ours = _ours;
        if (!side.IsFilled)
        {
            side.IsFilled = true;
            for (int i = 0; i < side.Lengths.Length; i++)
            {
                ours.TryAllocate(side.Lengths[i], Last, out side.Addresses[i]);
            }
        }

        uint[] victims = side.Victims;
        ulong[] sizes = side.Sizes;
        ulong[] lengths = side.Lengths;
        DmaAddress[] addresses = side.Addresses;
        int at = side.At;
        for (long i = 0; i < pairs; i++)
        {
            int step = at++ & (Steps - 1);
            uint victim = victims[step];
            ulong size = sizes[step];
            ours.Free(addresses[victim], lengths[victim]);
            if (ours.TryAllocate(size, Last, out addresses[victim]) != Errno.None)
            {
                throw new InvalidOperationException("The space is full.");
            }

            lengths[victim] = size;
        }

        side.At = at & (Steps - 1);
    }

    private void RunRival(Side side, long pairs)
    {
        ulong failures;
        fixed (ulong* addresses = side.RivalAddresses, lengths = side.RivalLengths, sizes = side.Sizes)
        fixed (uint* victims = side.Victims)
        {
            failures = _pairs(_space, side.Thread, addresses, lengths, victims, sizes, Steps, (ulong)side.RivalAt, (ulong)pairs, Last);
        }

        side.RivalAt = (side.RivalAt + pairs) & (Steps - 1);
        if (failures != 0)
        {
            throw new InvalidOperationException("The baseline's space is full.");
        }
    }

    /// <summary>One thread's.</summary>
    private sealed class Side
    {
        public Side(uint thread, int live, int largest)
        {
            Random random = new((int)thread + 1);
            Thread = thread;
            Lengths = [.. Enumerable.Range(0, live).Select(_ => PageSize.Size4K << random.Next(largest + 1))];
            Sizes = [.. Enumerable.Range(0, Steps).Select(_ => PageSize.Size4K << random.Next(largest + 1))];
            Victims = [.. Enumerable.Range(0, Steps).Select(_ => (uint)random.Next(live))];
            Addresses = new DmaAddress[live];
            RivalAddresses = new ulong[live];
            RivalLengths = new ulong[live];
        }

        public uint Thread { get; }

        public ulong[] Sizes { get; }

        public uint[] Victims { get; }

        public ulong[] Lengths { get; }

        public DmaAddress[] Addresses { get; }

        public ulong[] RivalLengths { get; }

        public ulong[] RivalAddresses { get; }

        public bool IsFilled { get; set; }

        public int At { get; set; }

        public long RivalAt { get; set; }

        public long Ended { get; set; }
    }
}
