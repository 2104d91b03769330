// Copyright (c) The Physr authors. Licensed under the MIT license.

using FsCheck;
using FsCheck.Fluent;
using Physr.Ranges.Tests.Infrastructure;

namespace Physr.Ranges.Tests;

/// <summary>The block reading (row R63) against a device that walks its table, byte address by byte address.</summary>
public class BlockReadingTests
{
    private static readonly Arbitrary<(NaiveList Naive, ulong Sizes, ulong DeviceAddress)> AnyWithSizes =
        (from naive in NaiveList.AnyDma.Generator
         from sizes in Gen.Choose(0, 255)
         from place in Gen.Choose(0, 63)
         from congruent in Gen.Elements(true, true, false)
         let first = naive.Units.Count == 0 ? 0 : naive.Units[0].Address
         select (naive, (ulong)sizes * naive.Unit, congruent ? (first % (naive.Unit * 128)) + ((ulong)place * naive.Unit * 128) : (ulong)place * naive.Unit)).ToArbitrary();

    [Fact]
    public void R63a_TheBestSize_IsTheLargestSupportedThatMapsEveryByte_AndNoLargerThanNeeded_R63b_CongruentWithTheDeviceAddress() =>
        Law.Holds(AnyWithSizes, test =>
        {
            (NaiveList naive, ulong sizes, ulong deviceAddress) = test;
            DmaRangeList list = naive.ToDmaRangeList();
            List<ulong> fitting = [];
            for (int bit = 0; bit < 48; bit++)
            {
                if ((sizes >> bit & 1) != 0 && naive.Units.Count != 0 && Fits(naive, 1UL << bit, deviceAddress))
                {
                    fitting.Add(1UL << bit);
                }
            }

            // Larger than the block that holds everything gains nothing.
            ulong last = deviceAddress + naive.Length - 1;
            ulong covering = fitting.FirstOrDefault(size => deviceAddress / size == last / size);
            Assert.Equal(covering != 0 ? covering : fitting.LastOrDefault(), list.FindBestBlockSize(sizes, deviceAddress));
        });

    [Fact]
    public void R63c_WalkingTheBlocks_FindsEveryByte_WithTheSlackAtHeadAndTailOnly_R63d_AndTheirNumberIsExact() =>
        Law.Holds(AnyWithSizes, test =>
        {
            (NaiveList naive, ulong sizes, ulong deviceAddress) = test;
            DmaRangeList list = naive.ToDmaRangeList();
            ulong size = list.FindBestBlockSize(sizes, deviceAddress);
            if (size == 0)
            {
                return;
            }

            List<ulong> blocks = [];
            foreach (DmaAddress block in list.Blocks(size))
            {
                Assert.True(block.IsAligned(size));
                blocks.Add(block.Value);
            }

            ulong firstBlock = deviceAddress / size;
            Assert.Equal(((deviceAddress + naive.Length - 1) / size) - firstBlock + 1, (ulong)blocks.Count);
            for (int i = 0; i < naive.Units.Count; i++)
            {
                ulong at = deviceAddress + ((ulong)i * naive.Unit);
                Assert.Equal(naive.Units[i].Address, blocks[(int)((at / size) - firstBlock)] + (at % size));
            }
        });

    [Fact]
    public void R63_ABlockSizeThatIsNoPowerOfTwo_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => DmaRangeList.Empty.Blocks(0x3000));
        Assert.Throws<ArgumentOutOfRangeException>(() => DmaRangeList.Empty.Blocks(0));
        Assert.Equal(0UL, DmaRangeList.Empty.FindBestBlockSize(ulong.MaxValue, 0));
    }

    [Fact]
    public void R63a_AGigabyteOfLargePages_IsReadAs512Blocks()
    {
        DmaRangeListBuilder builder = new();
        for (ulong i = 0; i < 512; i++)
        {
            builder.Append(new DmaRange(new((i * 2 * PageSize.Size2M) + PageSize.Size1G), PageSize.Size2M));
        }

        DmaRangeList list = builder.Build();
        ulong size = list.FindBestBlockSize(PageSize.Size4K | PageSize.Size2M | PageSize.Size1G, PageSize.Size1G);
        Assert.Equal(PageSize.Size2M, size);
        int count = 0;
        foreach (DmaAddress block in list.Blocks(size))
        {
            count += block.IsAligned(PageSize.Size2M) ? 1 : 0;
        }

        Assert.Equal(512, count);
        Assert.Equal(PageSize.Size4K, list.FindBestBlockSize(PageSize.Size4K | PageSize.Size2M, PageSize.Size4K));
    }

    /// <summary>Whether one table entry per block can give every unit its address: within each block, all units agree on where the block is, and whether that is a bus address.</summary>
    private static bool Fits(NaiveList naive, ulong size, ulong deviceAddress)
    {
        if (size < naive.Unit)
        {
            // Smaller than a unit: it fits if the unit itself is congruent.
            return (naive.Units[0].Address - deviceAddress) % size == 0;
        }

        Dictionary<ulong, (ulong, uint)> table = [];
        for (int i = 0; i < naive.Units.Count; i++)
        {
            ulong at = deviceAddress + ((ulong)i * naive.Unit);
            ulong block = naive.Units[i].Address - (at % size);
            if (block % size != 0 || (table.TryGetValue(at / size, out (ulong, uint) there) && there != (block, naive.Units[i].Tag)))
            {
                return false;
            }

            table[at / size] = (block, naive.Units[i].Tag);
        }

        return true;
    }
}
