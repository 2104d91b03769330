// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;
using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>Random maps and unmaps, each answer and each leaf compared with a sorted list.</summary>
public sealed class OracleTests
{
    private const int Steps = 2_000;

    public static TheoryData<IoPageTableFormat, ulong> Tables => new()
    {
        { IoPageTableFormat.AmdV1, ulong.MaxValue },
        { IoPageTableFormat.AmdV1, 0x10000 | 0x1000 | 0x20_0000 | 0x100_0000 },
        { IoPageTableFormat.VtdSecondStage, ulong.MaxValue },
        { IoPageTableFormat.X86_64, ulong.MaxValue },
        { IoPageTableFormat.X86_64, PageSize.Size4K },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void R79d_test_random_map(IoPageTableFormat format, ulong sizes)
    {
        int seed = Random.Shared.Next();
        try
        {
            Run(format, sizes, seed);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{format}, sizes 0x{sizes:x}, seed {seed}", failure);
        }
    }

    private static void Run(IoPageTableFormat format, ulong sizes, int seed)
    {
        Random random = new(seed);
        using IoPageTable table = new(format, new() { PageSizes = sizes });
        LeafOracle oracle = new(table.PageSizes);
        IotlbGather gather = new();

        // The places where something changes: the bottom, the edges of tables and tops, the end.
        ulong[] places = [0, PageSize.Size2M, PageSize.Size1G, 1UL << 39, (1UL << 47) - PageSize.Size1G, table.Aperture.End.Value - PageSize.Size1G];
        for (int step = 0; step < Steps; step++)
        {
            int alignmentShift = random.Next(12, 31);
            int largest = Math.Min(alignmentShift, BitOperations.Log2(table.PageSizes));
            ulong alignment = 1UL << alignmentShift;

            // At most about a thousand leaves at once, and now and then an odd end.
            ulong length = (1UL << random.Next(12, Math.Min(largest + 10, 32))) + (random.Next(3) == 0 ? (ulong)random.Next(64) << 12 : 0);
            ulong iova = places[random.Next(places.Length)] + ((ulong)random.NextInt64(0, (long)PageSize.Size1G) & ~(alignment - 1));
            length = Math.Min(length, table.Aperture.End.Value - iova);
            ulong physical = (ulong)random.NextInt64(0, 1L << 51) & ~(alignment - 1);
            if (random.Next(2) == 0)
            {
                bool isFree = oracle.Map(iova, physical, length);
                Assert.Equal(isFree ? Errno.None : Errno.EEXIST, table.Map(iova, physical, length));
            }
            else
            {
                if (oracle.Count != 0 && random.Next(2) == 0)
                {
                    iova = oracle.StartOf(random.Next(oracle.Count));
                    length = Math.Min(length, table.Aperture.End.Value - iova);
                }

                ulong unmapped = oracle.Unmap(iova, length);
                Assert.Equal(unmapped, table.Unmap(new(iova), length, gather));
                if (random.Next(12) == 0)
                {
                    table.FreeTables(gather);
                    gather.Reset();
                    Assert.Equal(table.Reachable(), table.TablePages);
                }
            }

            Check(table, oracle, iova + ((ulong)random.NextInt64(0, (long)length)));
            if (step % 200 == 0)
            {
                foreach ((ulong start, ulong size, _) in oracle.Leaves)
                {
                    Check(table, oracle, start);
                    Check(table, oracle, start + size - 1);
                    Check(table, oracle, start + size);
                }
            }
        }

        foreach ((ulong start, ulong size, _) in oracle.Leaves.ToArray())
        {
            Assert.Equal(size, table.Unmap(new(start), size, gather));
        }

        table.FreeTables(gather);
        Assert.Equal(table.Reachable(), table.TablePages);
    }

    private static void Check(IoPageTable table, LeafOracle oracle, ulong iova)
    {
        bool isMapped = table.TryTranslate(new(iova), out IommuTranslation found);
        (ulong Iova, ulong Size, ulong Physical)? expected = oracle.Find(iova);
        Assert.Equal(expected is not null, isMapped);
        if (expected is { } leaf)
        {
            Assert.Equal(leaf.Physical + (iova - leaf.Iova), found.Address.Value);
            Assert.Equal(new DmaRange(new(leaf.Iova), leaf.Size), found.Leaf);
        }
    }
}
