// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Debugging;

namespace Physr.Dma.Tracing;

/// <content>What each event tells the debugger.</content>
public sealed partial class DmaTraceChecker
{
    private readonly HashSet<DmaDevice> _known = [];
    private readonly HashSet<string> _drivers = new(StringComparer.Ordinal);
    private bool _isRecorded;

    private void Apply(DmaTraceEvent e)
    {
        if (e.Kind == DmaTraceEventKind.Header)
        {
            // Whoever writes this writes it first; later it promises nothing.
            _isRecorded |= _debugger is null;
            _isComplete |= _debugger is null;
            return;
        }

        if (e.Kind == DmaTraceEventKind.Memory)
        {
            _memory.Expect(new(e.Memory!.Value, e.Size), e.Kinds);
            return;
        }

        DmaDebugger debugger = Debugger;
        debugger.SetNextEvent(_line);
        Introduce(e.Device, debugger);
        debugger.SetNextEvent(_line);
        SettleOverlaps(e.Time);
        switch (e.Kind)
        {
            case DmaTraceEventKind.MapPhys:
                Map(e, DmaMapKind.Physical);
                break;
            case DmaTraceEventKind.MapPage:
                Map(e, DmaMapKind.Page);
                break;
            case DmaTraceEventKind.MapResource:
                Map(e, DmaMapKind.Resource);
                break;
            case DmaTraceEventKind.UnmapPhys:
                Unmap(e, DmaMapKind.Physical);
                break;
            case DmaTraceEventKind.UnmapPage:
                Unmap(e, DmaMapKind.Page);
                break;
            case DmaTraceEventKind.UnmapResource:
                Unmap(e, DmaMapKind.Resource);
                break;
            case DmaTraceEventKind.Alloc:
                Map(e, DmaMapKind.Coherent);
                break;
            case DmaTraceEventKind.AllocPages:
                Map(e, DmaMapKind.Noncoherent);
                break;
            case DmaTraceEventKind.AllocTable:
                Map(e, DmaMapKind.Noncontiguous);
                break;
            case DmaTraceEventKind.Free:
                Unmap(e, DmaMapKind.Coherent);
                break;
            case DmaTraceEventKind.FreePages:
                Unmap(e, DmaMapKind.Noncoherent);
                break;
            case DmaTraceEventKind.FreeTable:
                Unmap(e, DmaMapKind.Noncontiguous);
                break;
            case DmaTraceEventKind.MapList:
                debugger.OnMapList(new DmaDebugList
                {
                    Device = e.Device,
                    Segments = SegmentsOf(e),
                    Memory = e.Memories,
                    Direction = e.Direction,
                    Attributes = e.Attributes ?? DmaAttributes.None,
                    AllEntries = e.AllEntries,
                    AreCut = e.AreCut,
                });
                break;
            case DmaTraceEventKind.UnmapList:
                debugger.OnUnmapList(e.Device, e.Memories, e.Direction, e.Attributes);
                ExcuseOverlaps(e.Device, debugger.LastRemoved);
                break;
            case DmaTraceEventKind.SyncForCpu or DmaTraceEventKind.SyncForDevice:
                debugger.OnSync(e.Device, e.Address, e.Size, e.Direction, e.Kind == DmaTraceEventKind.SyncForCpu);
                break;
            case DmaTraceEventKind.SyncListForCpu or DmaTraceEventKind.SyncListForDevice:
                debugger.OnSyncList(e.Device, SegmentsOf(e), e.Direction, e.Kind == DmaTraceEventKind.SyncListForCpu);
                break;
            default:
                ApplyOwn(e, debugger);
                break;
        }

        _memory.Forget();
    }

    private static void ApplyOwn(DmaTraceEvent e, DmaDebugger debugger)
    {
        switch (e.Kind)
        {
            case DmaTraceEventKind.Bind:
                debugger.OnDriverBind(e.Device, e.Driver);
                break;
            case DmaTraceEventKind.Unbind:
                debugger.OnDriverUnbind(e.Device);
                break;
            case DmaTraceEventKind.MappingError:
                debugger.OnMappingErrorChecked(e.Device, e.Address);
                break;
            case DmaTraceEventKind.UnmapRefused:
                debugger.OnUnmapRefused(e.Device, e.Address);
                break;
            case DmaTraceEventKind.Access:
                debugger.OnDeviceAccess(e.Device, new(e.Address, e.Size), e.IsWrite);
                break;
            case DmaTraceEventKind.Revoke:
                debugger.OnRevoke(e.Device, new(e.Address, e.Size));
                break;
            case DmaTraceEventKind.Reservation:
                debugger.OnReservation(new(
                    e.Step, e.Device, e.Address, e.Offset, e.Size, e.Memory ?? default, e.Direction, e.Attributes ?? DmaAttributes.None, e.IsDone));
                break;
        }
    }

    private void Introduce(DmaDevice device, DmaDebugger debugger)
    {
        if (_known.Add(device) && _options.DriverOf?.Invoke(device.Name) is { Length: > 0 } driver)
        {
            debugger.OnDriverBind(device, driver);
            _drivers.Add(driver);
        }

        if (_event.Kind == DmaTraceEventKind.Bind)
        {
            _drivers.Add(_event.Driver);
        }
    }

    private void Map(DmaTraceEvent e, DmaMapKind kind)
    {
        // A map that failed is traced too, with the error value; an allocation that failed, without a CPU address.
        if (e.IsNull || e.Address == DmaAddress.MappingError)
        {
            return;
        }

        PhysicalAddress? memory = kind == DmaMapKind.Noncontiguous && e.Memories.Length == 1 ? e.Memories[0] : e.Memory;
        DmaDirection direction = kind == DmaMapKind.Coherent ? DmaDirection.Bidirectional : e.Direction;
        Debugger.OnMap(e.Device, kind, new(e.Address, e.Size), memory, direction, e.Attributes ?? DmaAttributes.None, e.CpuAddress);
    }

    private void Unmap(DmaTraceEvent e, DmaMapKind kind)
    {
        Debugger.OnUnmap(e.Device, kind, e.Address, e.Size, e.Direction, kind == DmaMapKind.Noncontiguous ? null : e.Attributes, e.CpuAddress);
        ExcuseOverlaps(e.Device, Debugger.LastRemoved);
    }

    private ReadOnlySpan<DmaRange> SegmentsOf(DmaTraceEvent e)
    {
        ReadOnlySpan<DmaAddress> addresses = e.Addresses;
        if (_segments.Length < addresses.Length)
        {
            Array.Resize(ref _segments, Math.Max(addresses.Length, 2 * _segments.Length));
        }

        for (int i = 0; i < addresses.Length; i++)
        {
            _segments[i] = new(addresses[i], e.Sizes[i]);
        }

        return _segments.AsSpan(0, addresses.Length);
    }
}
