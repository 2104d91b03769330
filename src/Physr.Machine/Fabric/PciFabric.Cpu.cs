// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;

namespace Physr.Machine.Fabric;

/// <content>The CPU's accesses to device registers, which cross the same links.</content>
public sealed partial class PciFabric
{
    /// <summary>Reads a device's register or BAR memory as the CPU.</summary>
    public BusCompletion CpuRead(PhysicalAddress address, Span<byte> destination)
    {
        FabricRoute route = FindFromCpu(address);
        BusStatus status = Check(route);
        if (status != BusStatus.Success || route.Target != RouteTarget.Bar)
        {
            return new(status == BusStatus.Success ? BusStatus.UnsupportedRequest : status, _scheduler.Now);
        }

        FetchBar(route, address.Value - route.Range.Start.Value, destination);
        return new(BusStatus.Success, Charge(route, (ulong)destination.Length, Traffic.Control, isRead: true));
    }

    /// <summary>Writes a device's register or BAR memory as the CPU. The write is posted: where it is lost, only the returned status says so.</summary>
    public BusCompletion CpuWrite(PhysicalAddress address, ReadOnlySpan<byte> source)
    {
        FabricRoute route = FindFromCpu(address);
        BusStatus status = Check(route);
        if (status != BusStatus.Success || route.Target != RouteTarget.Bar)
        {
            return new(status == BusStatus.Success ? BusStatus.UnsupportedRequest : status, _scheduler.Now);
        }

        BusCompletion completion = new(BusStatus.Success, Charge(route, (ulong)source.Length, Traffic.Control, isRead: false));
        StoreBar(route, address.Value - route.Range.Start.Value, source);
        return completion;
    }
}
