// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Iommu;
using Physr.Memory;

namespace Physr.Dma.Mapping;

/// <summary>A list on its way to be mapped, and then what its mapping holds: uses of providers, runs of IO virtual addresses, bounce slots.</summary>
/// <remarks>The list is read twice: once to find owners, routes and sizes, when everything that can be refused is; once to map. What the first reading held is let go by
/// <see cref="Release"/>, whether the second one succeeded or not.</remarks>
internal sealed partial class MappedList
{
    private readonly DmaMapper _mapper;
    private readonly DmaDevice _device;
    private readonly DmaDomain? _domain;
    private readonly RangeList _memory;
    private readonly DmaDirection _direction;
    private readonly DmaAttributes _attributes;
    private List<(P2PProvider Provider, P2PMapType Type)>? _held;
    private List<PhysicalAddress>? _slots;
    private List<DmaRange>? _runs;

    // Only for a list with device-private memory: the broker is asked once.
    private List<MapPart>? _resolved;

    public MappedList(DmaMapper mapper, DmaDevice device, RangeList memory, DmaDirection direction, DmaAttributes attributes)
    {
        _mapper = mapper;
        _device = device;
        _domain = device.Domain;
        _memory = memory;
        _direction = direction;
        _attributes = attributes;
    }

    /// <summary>Maps all of it or nothing.</summary>
    public DmaMapError? TryMap(out DmaRangeList? addresses)
    {
        addresses = null;
        DmaMapError? error = Resolve() ?? (_domain is null ? MapDirect(out addresses) : MapTranslated(_domain, out addresses));
        error ??= CheckSegments(addresses!);
        if (error is not null)
        {
            Release(discard: true);
        }

        return error;
    }

    /// <summary>Lets go of everything: each run is unmapped and flushed once, then the slots are copied out, unless the mapping never was.</summary>
    public void Release(bool discard)
    {
        MapperThread thread = MapperThread.Current;
        thread.ForgetSlots();
        foreach (DmaRange run in _runs ?? [])
        {
            _domain!.Ledger.Find(run.Start).TryClose(MappingKind.Owned, _device.Ordinal, 0, run.Length);
            _mapper.EndRun(_device, _domain, run.Start, run.Length, thread, _direction, _attributes);
        }

        foreach (PhysicalAddress slot in _slots ?? [])
        {
            _mapper.Bounce!.Release(slot, _direction, discard ? DmaAttributes.SkipCpuSync : _attributes);
        }

        foreach ((P2PProvider provider, _) in _held ?? [])
        {
            provider.Release();
        }
    }

    private DmaMapError? CheckSegments(DmaRangeList addresses)
    {
        int most = _device.Limits.MaxSegments;
        int segments = most == 0 ? 0 : addresses.CountSegments(_device.Limits);
        return segments > most
            ? new(Errno.EIO, $"{_device}: the list is {segments} segments within the device's limits, which takes {most}; map it in parts")
            : null;
    }

    private void NoteSlots(in EdgeSlots slots)
    {
        if (slots.Head is { } head)
        {
            (_slots ??= []).Add(head);
        }

        if (slots.Tail is { } tail)
        {
            (_slots ??= []).Add(tail);
        }
    }
}
