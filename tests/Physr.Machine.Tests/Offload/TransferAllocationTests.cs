// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Machine.Offload;
using Physr.Machine.Scenarios;
using Physr.Memory;

namespace Physr.Machine.Tests.Offload;

public sealed class TransferAllocationTests
{
    [Fact]
    public void APageLessTransferAllocatesNothing_OnceItsRouteIsWarm()
    {
        RouteSpec route = OffloadScenario.PageLess;
        Scenario scenario = OffloadScenario.Make([route], length: 1 << 20);
        TransferSpec transfer = scenario.Transfers.Single(static each => each.Name == "drive-to-drive");
        using OffloadHost host = new(scenario, route, scenario.Seed);
        SimulatedMachine machine = host.Machine;
        using PeerMemory peer = PeerMemory.Publish(machine, machine.Fabric["nvme1"], P2PPoolBacking.ProviderOnly);
        using StagingMemory staging = StagingMemory.InPool(machine, peer.Pool, peer.Provider, transfer.ChunkBytes * (ulong)transfer.QueueDepth);
        ITransferEnd from = host.OpenEnd(transfer.From);
        ITransferEnd to = host.OpenEnd(transfer.To);
        using DmaMapping fromMapping = Map(machine, from, staging);
        using DmaMapping toMapping = Map(machine, to, staging);
        TransferPump pump = new(machine, from, to, transfer.QueueDepth);

        // The first finds routes and grows queues, and the runtime compiles as it goes; a later one is the steady state.
        long allocated = long.MaxValue;
        for (int round = 0; round < 6; round++)
        {
            ulong done = 0;
            long before = GC.GetAllocatedBytesForCurrentThread();
            string? error = pump.Run(transfer, ref done, transfer.LengthBytes, observer: null, CancellationToken.None);
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Null(error);
            Assert.Equal(transfer.LengthBytes, done);
        }

        Assert.Equal(0, allocated);
        Assert.Equal(0, machine.Map.DescriptorCount);
        host.CloseEnds();
    }

    private static DmaMapping Map(SimulatedMachine machine, ITransferEnd end, StagingMemory staging)
    {
        Assert.True(machine.Mapper.TryMap(machine.DmaOf(end.Node), staging.List, DmaDirection.Bidirectional, out DmaMapping? mapping, out _));
        end.Open(mapping!.Addresses);
        return mapping;
    }
}
