// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iova;

namespace Physr.Dma.Tests.Iova;

/// <summary>Random histories against the naive set. Every address must be one that the set allows, and an error must be one that the set agrees with.</summary>
public sealed class IovaOracleTests
{
    [Theory]
    [InlineData(0, 4096UL, 4096UL, (1UL << 24) - 1)]
    [InlineData(3, 4096UL, 0UL, (1UL << 24) - 1)]
    [InlineData(10, 4096UL, 0UL, (1UL << 23) - 1)]
    [InlineData(10, 4096UL, 4096UL * 3, (1UL << 24) - 2)]
    [InlineData(6, 65536UL, 0UL, (1UL << 28) - 1)]
    [InlineData(6, 1UL, 7UL, 4000UL)]
    [InlineData(10, 4096UL, (1UL << 32) - (1UL << 22), (1UL << 32) + (1UL << 23) - 1)]
    [InlineData(4, 4096UL, (1UL << 39) - (1UL << 22), (1UL << 39) + (1UL << 22) - 1)]
    public void R67_RandomHistories_NeverOverlap_KeepAlignmentAndMask_AndFailOnlyWhereNothingFits(int orders, ulong granule, ulong first, ulong last)
    {
        for (int seed = 1; seed <= 6; seed++)
        {
            try
            {
                Play(seed, orders, granule, first, last);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}", failure);
            }
        }
    }

    private static void Play(int seed, int orders, ulong granule, ulong first, ulong last)
    {
        Random random = new(seed);
        using IovaAllocator space = new(granule, new(first), new(last), new() { CachedOrders = orders, IsChecked = seed % 3 == 0, MaxThreadCaches = seed % 2 == 0 ? 0 : 8192 });
        NaiveIova naive = new(granule, Math.Max(granule, Alignment.Up(first, granule)), Alignment.Down(last + 1, granule) - 1, orders);
        ulong[] masks = [ulong.MaxValue, last, uint.MaxValue, (1UL << 39) - 1, (first + last) / 2, first + ((last - first) / 4), (1UL << 22) - 1, last - 1, first + (5 * granule)];
        List<(ulong Run, ulong Length)> live = [];
        ulong span = (last - first) / granule;
        for (int step = 0; step < 2500; step++)
        {
            // Phases of filling and of draining.
            bool drains = step / 400 % 2 == 1;
            int what = random.Next(100);
            if (what < (drains ? 30 : 62))
            {
                ulong granules = random.Next(12) == 0 ? (ulong)random.NextInt64(1, (long)Math.Max(2, span / 8)) : 1UL << random.Next(8);
                ulong length = Math.Max(1, (granules * granule) - (ulong)random.NextInt64((long)granule));
                ulong mask = masks[random.Next(masks.Length)];
                Errno errno = space.TryAllocate(length, mask, out DmaAddress address);
                ulong? highest = naive.Highest(length, Math.Min(mask, uint.MaxValue)) ?? naive.Highest(length, mask);
                Assert.Equal(highest is null ? Errno.ENOMEM : Errno.None, errno);
                if (errno == Errno.None)
                {
                    Assert.Equal(0UL, address.Value % naive.AlignmentOf(length));
                    Assert.InRange(address.Value, Math.Max(granule, first), Math.Min(mask, last) - (naive.SizeOf(length) - 1));
                    naive.Take(address.Value, length);
                    live.Add((address.Value, length));
                    if (orders == 0)
                    {
                        // Where nothing is kept, it is the very place.
                        Assert.Equal(highest, address.Value);
                    }
                }
            }
            else if (what < 96 && live.Count != 0)
            {
                int victim = random.Next(live.Count);
                space.Free(new(live[victim].Run), live[victim].Length);
                naive.Free(live[victim].Run);
                live[victim] = live[^1];
                live.RemoveAt(live.Count - 1);
            }
            else if (what == 96 && step % 5 == 0)
            {
                ulong start = first + (ulong)random.NextInt64((long)(last - first));
                ulong length = granule * (ulong)random.Next(1, 6);
                bool isFree = !naive.IsTaken(Alignment.Down(start, granule), Alignment.Up(start + length, granule));
                Assert.Equal(isFree ? Errno.None : Errno.EBUSY, space.Reserve(new(new(start), length)));
                if (isFree)
                {
                    naive.Reserve(start, start + length);
                }
            }
            else if (what == 97)
            {
                space.TrimDepot(random.Next(2));
            }
            else if (what == 98)
            {
                space.FlushCaches();
            }

            if (step % 50 == 0)
            {
                Assert.Equal((live.Count, naive.LiveBytes, 0L), (space.LiveCount, space.LiveBytes, space.GetStatistics().DuplicateFrees));
            }
        }

        live.ForEach(run => space.Free(new(run.Run), run.Length));
        space.FlushCaches();
        IovaStatistics end = space.GetStatistics();
        Assert.Equal((0, 0UL, 0, 0, 0L), (end.LiveCount, end.LiveBytes, end.CachedCount, end.DepotMagazines, end.DuplicateFrees));
    }
}
