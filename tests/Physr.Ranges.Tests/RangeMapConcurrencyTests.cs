// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Ranges.Tests;

/// <summary>Readers beside writers. Every value says which range it belongs to, so that a torn or misplaced entry shows; and ranges that are never removed must
/// be found every time.</summary>
public class RangeMapConcurrencyTests
{
    private const int Slots = 9_000;
    private const ulong Pitch = 0x100;

    [Fact]
    public void Readers_NeverSeeATornEntry_NorMissARangeThatStays()
    {
        RangeMap<PhysicalAddress, Witness> map = new();
        for (ulong i = 0; i < Slots; i += 3)
        {
            map.Add(RangeOf(i, 0x80), Witness.Of(i, 0x80));
        }

        Race(
            writes: (random, id) =>
            {
                // Each writer owns every third slot; it fills and empties stretches, so that leaves split and merge, and chunks too.
                ulong from = (ulong)random.Next(Slots);
                bool filling = random.Next(2) == 0;
                for (ulong i = from; i < Math.Min(from + 400, Slots); i++)
                {
                    if (i % 3 != (ulong)id + 1)
                    {
                        continue;
                    }

                    PhysicalRange shorter = RangeOf(i, 0x40);
                    PhysicalRange longer = RangeOf(i, 0xc0);
                    bool removed = map.TryRemove(shorter, out _) || map.TryRemove(longer, out _);
                    if (filling || !removed)
                    {
                        PhysicalRange range = random.Next(2) == 0 ? shorter : longer;
                        map.Add(range, Witness.Of(i, range.Length));
                    }
                }
            },
            reads: random =>
            {
                ulong slot = (ulong)random.Next(Slots);
                ulong offset = (ulong)random.Next((int)Pitch);
                PhysicalAddress address = new(PageSize.Size4K + (slot * Pitch) + offset);
                bool found = map.TryFind(address, out Witness witness, out PhysicalRange range);
                string? wrong = found ? witness.Contradiction(range) : slot % 3 == 0 && offset < 0x80 ? "a range that stays was missed" : null;
                if (found && !range.Contains(address))
                {
                    wrong ??= $"{range} does not hold {address}";
                }

                if (map.TryFindNext(address, out witness, out range))
                {
                    wrong ??= witness.Contradiction(range);
                }

                return wrong;
            });
    }

    [Fact]
    public void Readers_SeeTheParentOrTheChild_NeverNeither()
    {
        RangeMap<PhysicalAddress, object> map = new(RangeOverlap.Nest);
        map.Add(RangeOf(0, Slots * Pitch), "outermost");
        Race(
            writes: (random, id) =>
            {
                ulong slot = (ulong)random.Next(Slots - 50);
                PhysicalRange range = RangeOf(slot, random.Next(10) == 0 ? Pitch * 50 : Pitch / 2);
                if (!map.TryRemove(range, out _))
                {
                    map.TryAdd(range, "inner");
                }
            },
            reads: random => map.TryFind(new(PageSize.Size4K + (ulong)random.NextInt64(Slots * (long)Pitch)), out object? value, out PhysicalRange range)
                ? (value is "outermost") == (range.Length == Slots * Pitch) ? null : $"{value} of {range}"
                : "neither parent nor child",
            rounds: 20_000);
    }

    private static PhysicalRange RangeOf(ulong slot, ulong length) => new(new(PageSize.Size4K + (slot * Pitch)), length);

    /// <summary>Two writers do a fixed amount of work; two readers look until they have finished.</summary>
    private static void Race(Action<Random, int> writes, Func<Random, string?> reads, int rounds = 400)
    {
        int writing = 2;
        string? wrong = null;
        long done = 0;
        Task[] tasks =
        [
            .. Enumerable.Range(0, 2).Select(id => Task.Factory.StartNew(
                () =>
                {
                    Random random = new(100 + id);
                    try
                    {
                        for (int i = 0; i < rounds && Volatile.Read(ref wrong) is null; i++)
                        {
                            writes(random, id);
                        }
                    }
                    finally
                    {
                        Interlocked.Decrement(ref writing);
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
            .. Enumerable.Range(0, 2).Select(id => Task.Factory.StartNew(
                () =>
                {
                    Random random = new(200 + id);
                    while (Volatile.Read(ref writing) != 0 && Volatile.Read(ref wrong) is null)
                    {
                        if (reads(random) is { } reason)
                        {
                            Volatile.Write(ref wrong, $"reader seed {200 + id}: {reason}");
                        }

                        Interlocked.Increment(ref done);
                    }
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default)),
        ];
        Task.WaitAll(tasks);
        Assert.Null(wrong);
        Assert.NotEqual(0, done);
    }

    /// <summary>A 16-byte value that says which range it belongs to.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Witness(ulong Slot, ulong Check)
    {
        public static Witness Of(ulong slot, ulong length) => new(slot, (slot * 0x9e37_79b9_7f4a_7c15) ^ length);

        public string? Contradiction(PhysicalRange range) =>
            this == Of(Slot, range.Length) && range == RangeOf(Slot, range.Length) ? null : $"{range} has the value {this}";
    }
}
