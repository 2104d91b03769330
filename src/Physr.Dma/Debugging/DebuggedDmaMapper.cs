// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Debugging;

/// <summary>A mapper whose every call a debugger sees. What ends a mapping is told before the mapper gives its addresses away, what begins one after it has them, so that
/// calls of several threads never seem to overlap.</summary>
public sealed partial class DebuggedDmaMapper : IDmaMapper
{
    private readonly IDmaMapper _mapper;
    private readonly DmaDebugger _debugger;
    private readonly Action<DmaMapping> _beforeUnmap;
    private readonly Action<CoherentMemory> _beforeFree;

    internal DebuggedDmaMapper(IDmaMapper mapper, DmaDebugger debugger)
    {
        _mapper = mapper;
        _debugger = debugger;
        _beforeUnmap = BeforeUnmap;
        _beforeFree = BeforeFree;
    }

    /// <inheritdoc/>
    public bool TryMap(DmaDevice device, RangeList memory, DmaDirection direction, DmaAttributes attributes, out DmaMapping? mapping, out DmaMapError? error)
    {
        if (!_mapper.TryMap(device, memory, direction, attributes, out mapping, out error))
        {
            return false;
        }

        _debugger.OnMapList(device, mapping!.Memory, mapping.Addresses, direction, attributes);
        mapping.BeforeUnmap += _beforeUnmap;
        return true;
    }

    /// <inheritdoc/>
    public DmaMapError? TryMapPhys(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, out DmaAddress address)
    {
        DmaMapError? error = _mapper.TryMapPhys(device, range, direction, attributes, out address);
        if (error is null)
        {
            _debugger.OnMap(device, DmaMapKind.Physical, new(address, range.Length), range.Start, direction, attributes);
        }

        return error;
    }

    /// <inheritdoc/>
    public Errno UnmapPhys(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction, DmaAttributes attributes)
    {
        bool wasKnown = _debugger.OnUnmap(device, DmaMapKind.Physical, address, length, direction, attributes);
        Errno errno = _mapper.UnmapPhys(device, address, length, direction, attributes);
        if (errno != Errno.None && wasKnown)
        {
            _debugger.OnUnmapRefused(device, address);
        }

        return errno;
    }

    /// <inheritdoc/>
    public bool IsMappingError(DmaDevice device, DmaAddress address)
    {
        _debugger.OnMappingErrorChecked(device, address);
        return _mapper.IsMappingError(device, address);
    }

    /// <inheritdoc/>
    public Errno SyncForCpu(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction)
    {
        _debugger.OnSync(device, address, length, direction, isForCpu: true);
        return _mapper.SyncForCpu(device, address, length, direction);
    }

    /// <inheritdoc/>
    public Errno SyncForDevice(DmaDevice device, DmaAddress address, ulong length, DmaDirection direction)
    {
        _debugger.OnSync(device, address, length, direction, isForCpu: false);
        return _mapper.SyncForDevice(device, address, length, direction);
    }

    /// <inheritdoc/>
    public DmaMapError? TryAllocateCoherent(DmaDevice device, ulong length, DmaAttributes attributes, out CoherentMemory? memory)
    {
        DmaMapError? error = _mapper.TryAllocateCoherent(device, length, attributes, out memory);
        if (memory is not null)
        {
            _debugger.OnMap(
                device, DmaMapKind.Coherent, new(memory.Address, memory.Range.Length), memory.Range.Start, DmaDirection.Bidirectional, attributes, memory.Range.Start.Value);
            memory.BeforeFree += _beforeFree;
        }

        return error;
    }

    private void BeforeUnmap(DmaMapping mapping) => _debugger.OnUnmapList(mapping.Device, mapping.Memory, mapping.Addresses, mapping.Direction, mapping.Attributes);

    private void BeforeFree(CoherentMemory memory) =>
        _debugger.OnUnmap(memory.Device, DmaMapKind.Coherent, memory.Address, memory.Range.Length, DmaDirection.Bidirectional, cpuAddress: memory.Range.Start.Value);
}
