// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Dma.PageTables;

namespace Physr.Dma.Tests.Iommu;

/// <summary>Devices access while drivers map and unmap on other threads: after a strict unmap has returned, no access that begins later gets through.</summary>
public sealed class ConcurrentAccessTests
{
    private const int Slots = 4;
    private const int Rounds = 4000;

    [Theory]
    [InlineData(IoPageTableFormat.AmdV1, 1024)]
    [InlineData(IoPageTableFormat.VtdSecondStage, 8)]
    [InlineData(IoPageTableFormat.X86_64, 1024)]
    public void NoAccessBeginsAfterItsUnmapAndSucceeds(IoPageTableFormat format, int entries)
    {
        using IommuRig rig = new(format: format, unit: new() { IotlbEntries = entries, FaultRecords = 16 });

        // Each mapping of a slot has a physical page of its own, by which an access tells which mapping it went through.
        long[] revoked = new long[Slots * 8];
        int running = Slots;
        long reached = 0;
        Thread[] drivers = [.. Enumerable.Range(0, Slots).Select(slot => new Thread(() =>
        {
            DmaAddress iova = AddressOf(slot);
            IotlbGather gather = new();
            for (long generation = 1; generation <= Rounds; generation++)
            {
                Assert.Equal(Errno.None, rig.Domain.Map(iova, PhysicalOf(generation), PageSize.Size4K, IommuRig.ReadWrite));
                Thread.Yield();
                Assert.Equal(PageSize.Size4K, rig.Domain.Unmap(iova, PageSize.Size4K, gather));
                rig.Domain.Sync(gather);
                Volatile.Write(ref revoked[slot * 8], generation);
            }

            Interlocked.Decrement(ref running);
        }))];
        Exception? failure = null;
        Thread[] devices = [.. Enumerable.Range(0, 2).Select(seed => new Thread(() =>
        {
            try
            {
                Random random = new(seed);
                long got = 0;
                while (Volatile.Read(ref running) != 0)
                {
                    int slot = random.Next(Slots);
                    long before = Volatile.Read(ref revoked[slot * 8]);
                    if (rig.Unit.TryAccess(IommuRig.Device, Pasid.None, AddressOf(slot), random.Next(2) == 0, out IommuTranslation found, out _))
                    {
                        got++;
                        long generation = (long)(found.Address.Value >> PageSize.Shift4K) & 0xffff;
                        Assert.True(generation > before, $"seed {seed}: mapping {generation} of slot {slot} was reached after {before} had been revoked");
                    }
                }

                Interlocked.Add(ref reached, got);
            }
            catch (Exception caught)
            {
                failure = caught;
            }
        }))];
        Array.ForEach(devices, static thread => thread.Start());
        Array.ForEach(drivers, static thread => thread.Start());
        Array.ForEach(drivers, static thread => thread.Join());
        Array.ForEach(devices, static thread => thread.Join());
        Assert.Null(failure);
        Assert.NotEqual(0, reached);
        Assert.Equal(Slots * Rounds, rig.Domain.Flushes);
    }

    private static DmaAddress AddressOf(int slot) => new(((ulong)slot + 1) << 21);

    private static PhysicalAddress PhysicalOf(long generation) => new((ulong)generation << PageSize.Shift4K);
}
