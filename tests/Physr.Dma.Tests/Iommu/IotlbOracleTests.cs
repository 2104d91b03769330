// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Iommu;

namespace Physr.Dma.Tests.Iommu;

/// <summary>The cache against a dictionary that forgets nothing by itself: it may know less, never anything else.</summary>
public sealed class IotlbOracleTests
{
    [Theory]
    [InlineData(8, 1)]
    [InlineData(64, 2)]
    [InlineData(64, 3)]
    [InlineData(1024, 4)]
    [InlineData(1024, 5)]
    public void ItAnswersOnlyWithWhatWasPutIn_AndForgetsAllThatItIsToldTo(int entries, int seed)
    {
        Random random = new(seed);
        Iotlb cache = new(entries);
        Dictionary<(ushort Domain, ulong Page), ulong> all = [];
        long found = 0;
        for (int step = 0; step < 20_000; step++)
        {
            ushort domain = (ushort)random.Next(1, 4);
            ulong page = (ulong)random.Next(4096);
            string where = $"seed {seed}, step {step}";
            switch (random.Next(20))
            {
                case < 10:
                    // A domain's table: leaves of 1, 8 or 512 pages by address, somewhere by domain.
                    ulong pages = page < 1024 ? 1UL : page < 2048 ? 8UL : 512UL;
                    ulong first = page & ~(pages - 1);
                    ulong physical = ((ulong)domain << 40) | (first << 12);
                    DmaRange leaf = new(new(first << 12), pages << 12);
                    cache.Insert(domain, page << 12, new(new(physical + ((page - first) << 12)), leaf, IommuRig.ReadWrite), isDirty: false);
                    for (ulong i = 0; i < pages; i++)
                    {
                        all[(domain, first + i)] = physical + (i << 12);
                    }

                    break;
                case < 18:
                    ref IotlbEntry entry = ref cache.Find(domain, (page << 12) | 0x123);
                    if (!Unsafe.IsNullRef(ref entry))
                    {
                        found++;
                        Assert.True(all.TryGetValue((domain, page), out ulong known), where);
                        Assert.Equal(known | 0x123, entry.Translate((page << 12) | 0x123).Address.Value);
                    }

                    break;
                case 18:
                    ulong length = (ulong)random.Next(1, random.Next(2) == 0 ? 4 : 2048);
                    cache.Invalidate(domain, page << 12, (page + length) << 12);
                    foreach ((ushort Domain, ulong Page) gone in all.Keys.Where(key => key.Domain == domain && Covers(key.Page, page, length)).ToList())
                    {
                        all.Remove(gone);
                    }

                    break;
                default:
                    if (random.Next(10) == 0)
                    {
                        cache.Invalidate(domain);
                        foreach ((ushort Domain, ulong Page) gone in all.Keys.Where(key => key.Domain == domain).ToList())
                        {
                            all.Remove(gone);
                        }
                    }

                    break;
            }

            Assert.InRange(cache.Live, 0, entries);
        }

        Assert.True(found > 50, $"seed {seed}: only {found} hits");
        Assert.Equal(cache.Live, cache.InvalidateAll());
        Assert.Equal(0, cache.Live);
    }

    // The whole leaf goes when a part of it is invalidated.
    private static bool Covers(ulong page, ulong first, ulong length)
    {
        ulong pages = page < 1024 ? 1UL : page < 2048 ? 8UL : 512UL;
        ulong start = page & ~(pages - 1);
        return start < first + length && first < start + pages;
    }
}
