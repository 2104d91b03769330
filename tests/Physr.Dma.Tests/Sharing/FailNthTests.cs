// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Sharing;
using Physr.Dma.Sharing.Protocol;

namespace Physr.Dma.Tests.Sharing;

/// <summary>The Nth thing that can fail fails, for every N: nothing leaks, and what was usable stays so.</summary>
public sealed class FailNthTests
{
    [Theory]
    [InlineData(P2PMapType.BusAddress, false)]
    [InlineData(P2PMapType.ThroughHostBridge, false)]
    [InlineData(P2PMapType.ThroughHostBridge, true)]
    public void R91a_ExportAttachMapAndRevokeSurviveEveryFailure(P2PMapType route, bool isTranslated)
    {
        // Without a window each range is mapped by itself: the one failure that is made good.
        IReadOnlySet<string> failed = FailNth.Repeat(least: 5, isMadeGood: static site => site == "iova", scenario: gate =>
        {
            SliceHost host = new(new() { Buffers = new() { AllocationGate = gate } }) { Route = route };
            host.Mapper.Gate = gate;
            Errno errno = Run(host, isTranslated ? host.Translated : host.Direct);
            Assert.Equal(0, host.Providers.ActiveUses);
            Assert.Equal(0, host.Mapper.Out);
            Assert.Empty(host.Exporter.Buffers);
            Assert.True(errno is Errno.None or Errno.ENOMEM, $"{errno}");
            return errno == Errno.None;
        });

        string[] sites = ["dma-buf slices", "dma-buf", "dma-buf attachment", "dma-buf mapping", "dma fences"];
        string[] paths = route == P2PMapType.BusAddress ? [] : isTranslated ? ["iova", "link", "sync"] : ["dma-buf device list", "map phys"];
        Assert.Equal(sites.Concat(paths).Order(StringComparer.Ordinal), failed.Order(StringComparer.Ordinal));
    }

    private static Errno Run(SliceHost host, DmaDevice device)
    {
        Errno errno = host.Export(out DmaBuf? buffer, new(0, 0x1000), new(0x3000, 0x1000), new(0x8000, 0x4000));
        if (errno != Errno.None)
        {
            return errno;
        }

        TestImporter importer = new();
        errno = importer.Attach(buffer!, device);
        if (errno == Errno.None)
        {
            errno = Use(importer, buffer!);
            Assert.Equal(Errno.None, buffer!.Revoke());
            Assert.Equal(new(RevocablePhase.Revoked, false, 0), buffer.State);
            Assert.Equal(Errno.None, importer.Attachment!.TryDetach());
        }

        Assert.Equal(1, buffer!.References);
        buffer.Release();
        return errno;
    }

    private static Errno Use(TestImporter importer, DmaBuf buffer)
    {
        if (importer.Map() is { } error)
        {
            Assert.Equal(0, buffer.ActiveMappings);
            return error.Errno;
        }

        using DmaReservationHold hold = buffer.Reservation.Hold();
        Errno errno = buffer.Reservation.ReserveFences(1);
        if (errno == Errno.None)
        {
            DmaFence fence = new(DmaFence.NewContext(), 1);
            buffer.Reservation.AddFence(fence, DmaFenceUsage.Write);
            fence.TrySignal();
        }

        return errno;
    }
}
