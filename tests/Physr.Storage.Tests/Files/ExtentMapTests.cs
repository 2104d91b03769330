// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Simulation;
using Physr.Storage.Files;

namespace Physr.Storage.Tests.Files;

/// <summary>Extents and blocks, against one entry per page and per block.</summary>
public sealed class ExtentMapTests
{
    [Fact]
    public void AnExtentMap_IsADictionaryOfPages()
    {
        for (ulong seed = 1; seed <= 200; seed++)
        {
            SeededRandom random = new(seed);
            ExtentMap map = new();
            Dictionary<ulong, ulong> oracle = [];
            ulong next = 1;
            for (int i = 0; i < 150; i++)
            {
                ulong page = random.Below(100);
                ulong count = 1 + random.Below(10);
                List<Extent> gone = [];
                map.Cut(page, count, gone);
                foreach (Extent extent in gone)
                {
                    for (ulong k = 0; k < extent.Count; k++)
                    {
                        Assert.True(oracle.Remove(extent.Page + k, out ulong block) && block == extent.Block + k, $"seed {seed}");
                    }
                }

                Assert.DoesNotContain(oracle.Keys, each => each >= page && each < page + count);
                if (random.Below(3) != 0)
                {
                    // Half of them go on from the page before, as neighbours that are joined do.
                    ulong block = page != 0 && random.Below(2) == 0 && oracle.TryGetValue(page - 1, out ulong before) ? before + 1 : next;
                    next = Math.Max(next, block + count + random.Below(2));
                    map.Add(new(page, block, count));
                    for (ulong k = 0; k < count; k++)
                    {
                        oracle.Add(page + k, block + k);
                    }
                }

                AssertSame(map, oracle, $"seed {seed}, step {i}");
            }
        }
    }

    [Fact]
    public void BlocksAreTakenInOnePiece_AtTheirPlaceInALargePage_AndNeverTwice()
    {
        BlockMap blocks = new(4096, 10);
        List<Extent> taken = [];
        blocks.Take(0, 1024, 0, taken);
        Assert.Equal([new Extent(0, 512, 1024)], taken);
        taken.Clear();
        blocks.Take(1024, 3, 512 + 1024, taken);
        Assert.Equal([new Extent(1024, 1536, 3)], taken);
        taken.Clear();
        blocks.Take(700, 600, 0, taken);
        Assert.Equal([new Extent(700, 1536 + 188, 600)], taken);
        taken.Clear();
        blocks.Take(5, 2, 0, taken);
        Assert.Equal([new Extent(5, 10, 2)], taken);
        Assert.Equal(4096 - 10 - 1024 - 3 - 600 - 2, blocks.Free);
        taken.Clear();
        blocks.Take(0, (ulong)blocks.Free, 0, taken);
        Assert.Equal(0, blocks.Free);
        Assert.DoesNotContain(0, blocks.Owners.ToArray());
        Assert.DoesNotContain(2, blocks.Owners.ToArray());
    }

    [Fact]
    public void RandomTakingAndGivingBack_AgreesWithASetOfBlocks()
    {
        SeededRandom random = new(11);
        BlockMap blocks = new(3000, 7);
        List<Extent> held = [];
        HashSet<ulong> oracle = [];
        for (int i = 0; i < 3000; i++)
        {
            ulong count = 1 + random.Below(random.Below(4) == 0 ? 900UL : 12);
            if (random.Below(2) == 0 && count <= (ulong)blocks.Free)
            {
                List<Extent> taken = [];
                ulong page = random.Below(5000);
                blocks.Take(page, count, random.Below(3000), taken);
                Assert.Equal(count, (ulong)taken.Sum(static extent => (long)extent.Count));
                foreach (Extent extent in taken)
                {
                    Assert.Equal(page, extent.Page);
                    page = extent.End;
                    for (ulong k = 0; k < extent.Count; k++)
                    {
                        Assert.True(extent.Block >= 7 && extent.Block + k < 3000 && oracle.Add(extent.Block + k), $"step {i}: block {extent.Block + k} is given twice");
                    }
                }

                held.AddRange(taken);
            }
            else if (held.Count != 0)
            {
                int index = (int)random.Below((ulong)held.Count);
                blocks.Remove(held[index].Block, held[index].Count);
                for (ulong k = 0; k < held[index].Count; k++)
                {
                    oracle.Remove(held[index].Block + k);
                }

                held.RemoveAt(index);
            }

            Assert.Equal(3000 - 7 - oracle.Count, blocks.Free);
        }
    }

    private static void AssertSame(ExtentMap map, Dictionary<ulong, ulong> oracle, string when)
    {
        for (ulong page = 0; page < 115; page++)
        {
            bool isThere = map.TryFind(page, out Extent rest);
            Assert.True(isThere == oracle.TryGetValue(page, out ulong block) && (!isThere || rest.Block == block) && rest.Page == page, $"{when}: page {page}");
            for (ulong k = 1; k < Math.Min(rest.Count, 120); k++)
            {
                Assert.True(isThere == oracle.TryGetValue(page + k, out block) && (!isThere || rest.Block + k == block), $"{when}: the run from page {page}");
            }
        }

        ulong last = 0;
        foreach (Extent extent in map.All)
        {
            Assert.True(extent.Count != 0 && extent.Page >= last, $"{when}: {extent}");
            last = extent.End;
        }

        // Joined where they go on: as few as can be, but where a cut left two that were added apart.
        Assert.Equal(last, map.End);
    }
}
