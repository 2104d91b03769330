// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Machine.Bus;
using Physr.Machine.Devices;

namespace Physr.Machine.Fabric;

/// <content>The bytes at a route's end: RAM, a BAR's memory or its registers.</content>
public sealed partial class PciFabric
{
    private BusStatus Fetch(FabricRoute route, ulong offset, Span<byte> destination)
    {
        switch (route.Target)
        {
            case RouteTarget.Dram:
                Ram.Read(route.TargetOffset + offset, destination);
                return BusStatus.Success;
            case RouteTarget.Bar:
                return FetchBar(route, offset, destination);
            default:
                return BusStatus.UnsupportedRequest;
        }
    }

    private static BusStatus FetchBar(FabricRoute route, ulong offset, Span<byte> destination)
    {
        DeviceModel device = route.Node!.Device!;
        offset += route.TargetOffset;
        while (!destination.IsEmpty)
        {
            int length = destination.Length;
            if (device.TryGetBarMemory(route.Bar, offset, out SparseMemory? memory, out ulong at, out ulong contiguous))
            {
                length = (int)Math.Min((ulong)length, contiguous);
                memory!.Read(at, destination[..length]);
            }
            else
            {
                device.ReadRegister(route.Bar, offset, destination);
            }

            destination = destination[length..];
            offset += (ulong)length;
        }

        return BusStatus.Success;
    }

    private BusStatus Store(FabricRoute route, ulong offset, ReadOnlySpan<byte> source)
    {
        switch (route.Target)
        {
            case RouteTarget.Dram:
                Ram.Write(route.TargetOffset + offset, source);
                return BusStatus.Success;
            case RouteTarget.Bar:
                return StoreBar(route, offset, source);
            case RouteTarget.Interrupt:
                return BusStatus.Success;
            default:
                return BusStatus.UnsupportedRequest;
        }
    }

    private static BusStatus StoreBar(FabricRoute route, ulong offset, ReadOnlySpan<byte> source)
    {
        DeviceModel device = route.Node!.Device!;
        offset += route.TargetOffset;
        while (!source.IsEmpty)
        {
            int length = source.Length;
            if (device.TryGetBarMemory(route.Bar, offset, out SparseMemory? memory, out ulong at, out ulong contiguous))
            {
                length = (int)Math.Min((ulong)length, contiguous);
                memory!.Write(at, source[..length]);
            }
            else
            {
                device.WriteRegister(route.Bar, offset, source);
            }

            source = source[length..];
            offset += (ulong)length;
        }

        return BusStatus.Success;
    }
}
