// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Collections.Concurrent;
using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.PageTables;

/// <summary>Maps, unmaps and walks at once, on real threads. Every address leads to itself plus a constant, so a walk that met somebody else's table gives itself away.</summary>
public sealed class ConcurrencyTests
{
    private const ulong Shift = 0x7_0000_1000;
    private const ulong ShiftOf2M = 0x7_0020_0000;
    private const ulong Tables = 64 * PageSize.Size1G;

    public static TheoryData<IoPageTableFormat> Formats => TableRig.Formats;

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_DisjointMapsAndWalksDoNotDisturbEachOther(IoPageTableFormat format)
    {
        using IoPageTable table = new(format);
        const int Mappers = 3;
        const int Rounds = 6_000;
        long running = Mappers;

        // Each mapper owns every third page of a few tables, 2 MiB of its own that go and come as a whole table of pages, and 1 GiB that does as one of 2 MiB leaves.
        Action Mapper(int own) => () =>
        {
            Random random = new(own);
            IotlbGather gather = new();
            ulong block = PageSize.Size1G + ((ulong)own * PageSize.Size2M);
            ulong larger = Tables + ((ulong)own * PageSize.Size1G);
            for (int round = 0; round < Rounds; round++)
            {
                ulong page = ((ulong)random.Next(800) * Mappers + (ulong)own) << 12;
                Assert.Equal(Errno.None, table.Map(page, page + Shift, 0x1000));
                Assert.Equal(Errno.None, table.Map(block, block + Shift, PageSize.Size2M));
                Assert.Equal(Errno.None, table.Map(larger, larger + ShiftOf2M, PageSize.Size1G));
                Assert.Equal(page + Shift + 1, table.Walk(page + 1));
                Assert.Equal(block + Shift + 0x12_3456, table.Walk(block + 0x12_3456));
                Assert.Equal(0x1000UL, table.Unmap(new(page), 0x1000, gather));
                Assert.Equal(PageSize.Size2M, table.Unmap(new(block), PageSize.Size2M, gather));
                Assert.Equal(PageSize.Size1G, table.Unmap(new(larger), PageSize.Size1G, gather));
                table.FreeTables(gather);
                gather.Reset();
                Assert.Null(table.Walk(page));
                Assert.Null(table.Walk(block + 0x1f_ffff));
            }

            Interlocked.Decrement(ref running);
        };

        void Walker()
        {
            Random random = new(99);
            while (Volatile.Read(ref running) > 0)
            {
                ulong iova = random.Next(3) switch
                {
                    0 => (ulong)random.Next(2400 << 12),
                    1 => PageSize.Size1G + (ulong)random.Next(Mappers << 21),
                    _ => Tables + (ulong)random.NextInt64(Mappers * (long)PageSize.Size1G),
                };
                ulong expected = iova + (iova < Tables ? Shift : ShiftOf2M);
                if (table.TryTranslate(new(iova), out IommuTranslation found))
                {
                    Assert.Equal(expected, found.Address.Value);
                }

                if (table.TryAccess(new(iova), true, out found, out IommuFaultReason reason))
                {
                    Assert.Equal(expected, found.Address.Value);
                }
                else
                {
                    Assert.Equal(IommuFaultReason.NotMapped, reason);
                }
            }
        }

        Together(ref running, [.. Enumerable.Range(0, Mappers).Select(Mapper), Walker]);
        Assert.Equal(table.Reachable(), table.TablePages);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79c_AWalkerSeesWhatIsMappedWhileTheTopGrows(IoPageTableFormat format)
    {
        for (int repeat = 0; repeat < 40; repeat++)
        {
            using IoPageTable table = new(format, new() { StartingLevels = format switch { IoPageTableFormat.AmdV1 => 1, IoPageTableFormat.VtdSecondStage => 3, _ => 4 } });
            Assert.Equal(Errno.None, table.Map(0x1000, 0x1000 + Shift, 0x1000));
            long running = 2;
            Action Grower(ulong offset) => () =>
            {
                for (int bits = 20; 1UL << bits < table.Aperture.End.Value && bits < 64; bits++)
                {
                    ulong iova = (1UL << bits) + offset;
                    Assert.Equal(Errno.None, table.Map(iova, 0x2000, 0x1000));
                    Assert.Equal(0x2000UL, table.Walk(iova));
                }

                Interlocked.Decrement(ref running);
            };

            void Walker()
            {
                while (Volatile.Read(ref running) > 0)
                {
                    Assert.Equal(0x1abc + Shift, table.Walk(0x1abc));
                }
            }

            Together(ref running, [Grower(0x2000), Grower(0x3000), Walker]);
            Assert.Equal(table.Reachable(), table.TablePages);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_NoWriteIsLostBetweenADeviceAndTheReaderOfDirtyBits(IoPageTableFormat format)
    {
        // As live migration does: copy what is reported, again and again, until the device stops; then the copy is the memory.
        const int Rounds = 300;
        const int Pages = 4;
        using IoPageTable table = new(format, new() { TracksDirty = true, PageSizes = PageSize.Size4K });
        Assert.Equal(Errno.None, table.Map(0, Shift, Pages << 12));
        long running = 1;
        long accesses = 0; // odd while one is on its way
        long stopped = 0;
        long[] memory = new long[Pages];
        long[] copy = new long[Pages];
        using Barrier round = new(2);

        void Device()
        {
            Random random = new(7);
            for (int i = 0; i < Rounds && Volatile.Read(ref running) > 0; i++)
            {
                for (int write = 0; write < 60; write++)
                {
                    int page = random.Next(Pages);
                    Interlocked.Increment(ref accesses);
                    Assert.True(table.TryAccess(new((ulong)page << 12), true, out _, out _));
                    Volatile.Write(ref memory[page], memory[page] + 1);
                    Interlocked.Increment(ref accesses);
                }

                Volatile.Write(ref stopped, 1);
                round.SignalAndWait(TimeSpan.FromMinutes(1));
                round.SignalAndWait(TimeSpan.FromMinutes(1));
            }
        }

        void Reader()
        {
            IotlbGather gather = new();
            List<int> dirty = [];
            for (int i = 0; i < Rounds && Volatile.Read(ref running) > 0; i++)
            {
                bool isLast;
                do
                {
                    isLast = Volatile.Read(ref stopped) == 1;
                    dirty.Clear();
                    table.ReadDirty(new(new(0), Pages << 12), true, gather, range => dirty.Add((int)(range.Start.Value >> 12)));

                    // What an invalidation waits for.
                    long onTheWay = Volatile.Read(ref accesses);
                    SpinWait wait = default;
                    while (onTheWay % 2 == 1 && Volatile.Read(ref accesses) == onTheWay)
                    {
                        wait.SpinOnce();
                    }

                    foreach (int page in dirty)
                    {
                        copy[page] = Volatile.Read(ref memory[page]);
                    }
                }
                while (!isLast);

                round.SignalAndWait(TimeSpan.FromMinutes(1));
                Assert.Equal(memory, copy);
                Volatile.Write(ref stopped, 0);
                round.SignalAndWait(TimeSpan.FromMinutes(1));
            }
        }

        Together(ref running, [Device, Reader]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void R79_CallsForTheSameAddressesAtOnceNeverLeaveTheTable(IoPageTableFormat format)
    {
        // A caller's mistake: who wins is open, but each walk ends at an address that somebody mapped.
        using IoPageTable table = new(format);
        long running = 3;
        Action Abuser(int seed) => () =>
        {
            Random random = new(seed);
            IotlbGather gather = new();
            for (int i = 0; i < 20_000; i++)
            {
                ulong length = random.Next(3) switch { 0 => 0x1000, 1 => PageSize.Size2M, _ => 2 * PageSize.Size2M };
                ulong iova = ((ulong)random.Next(4) * PageSize.Size2M) + (length == 0x1000 ? (ulong)random.Next(512) << 12 : 0);
                if (random.Next(2) == 0)
                {
                    Assert.Contains(table.Map(iova, iova + (random.Next(2) == 0 ? Shift : PageSize.Size1G), length), (Errno[])[Errno.None, Errno.EEXIST, Errno.ENOMEM]);
                }
                else
                {
                    _ = table.Unmap(new(iova), length, gather);
                }

                ulong at = (ulong)random.Next(8 << 21);
                if (table.TryTranslate(new(at), out IommuTranslation found))
                {
                    Assert.True(found.Address.Value % 0x1000 == at % 0x1000);
                }
            }

            table.FreeTables(gather);
            Interlocked.Decrement(ref running);
        };

        Together(ref running, [Abuser(1), Abuser(2), Abuser(3)]);
    }

    private static void Together(ref long running, Action[] parts)
    {
        ConcurrentQueue<Exception> failures = [];
        Thread[] threads = [.. parts.Select(part => new Thread(() =>
        {
            try
            {
                part();
            }
            catch (Exception failure)
            {
                failures.Enqueue(failure);
            }
        }))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        foreach (Thread thread in threads)
        {
            // A part that failed leaves the others waiting for it.
            while (!thread.Join(100))
            {
                if (!failures.IsEmpty)
                {
                    Volatile.Write(ref running, 0);
                }
            }
        }

        Assert.True(failures.IsEmpty, string.Join(Environment.NewLine, failures));
    }
}
