// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.Broker;
using Physr.Memory;

namespace Physr.Dma.Mapping;

/// <content>From entries to parts: owners, routes, and what the broker makes of device-private memory.</content>
internal sealed partial class MappedList
{
    /// <summary>Reads the entries once and holds every provider in use. With device-private memory among them, the parts are kept, so that the broker is asked once and its answer
    /// cannot change between measuring and mapping.</summary>
    private DmaMapError? Resolve()
    {
        ulong done = 0;
        foreach (ProvidedRange entry in _memory)
        {
            DmaMapError? error;
            if (IsPrivate(entry))
            {
                _resolved ??= PartsBefore(done);
                error = ResolvePrivate(entry);
            }
            else
            {
                error = TryClassify(entry, out MapPart part);
                _resolved?.Add(part);
            }

            if (error is not null)
            {
                return error;
            }

            done += entry.Range.Length;
        }

        return null;
    }

    private bool IsPrivate(ProvidedRange entry) => entry.Provider.IsDevicePrivate || (entry.Provider.IsRam && _mapper.Memory.TouchesPrivate(entry.Range));

    private List<MapPart> PartsBefore(ulong length)
    {
        List<MapPart> parts = [];
        foreach (ProvidedRange entry in _memory.View(0, length))
        {
            TryClassify(entry, out MapPart part);
            parts.Add(part);
        }

        return parts;
    }

    private DmaMapError? ResolvePrivate(ProvidedRange entry)
    {
        if (_mapper.Broker is not { } broker)
        {
            return new(Errno.EFAULT, $"{_device}: {entry} is device-private memory, which no bus reaches, and there is no broker to ask");
        }

        ProvidedRange left = entry;
        while (!left.Range.IsEmpty)
        {
            if (!_mapper.Memory.TryFindPrivate(left, out PrivateRange wanted))
            {
                return new(Errno.EFAULT, $"{_device}: {left} is not all device-private memory of a live pagemap");
            }

            PrivateRoute route = broker.Resolve(_device, wanted);
            if (route.Kind is PrivateRouteKind.None or PrivateRouteKind.Migrate)
            {
                return route.Kind == PrivateRouteKind.Migrate
                    ? new(Errno.EAGAIN, $"{_device}: {wanted} has to migrate to RAM first: {route.Reason}")
                    : new(Errno.EREMOTEIO, $"{_device} can never reach {wanted}: {route.Reason}");
            }

            if (route.Length == 0 || route.Length > wanted.Length)
            {
                throw new PhysrException("resolve device-private memory", wanted.ToString(), Errno.EINVAL, $"the broker answered for {route.Length} bytes");
            }

            if (route.Kind == PrivateRouteKind.Interconnect)
            {
                _resolved!.Add(new(route.Address.Value, route.Length, MapPartKind.Interconnect));
            }
            else if (TryClassify(new(route.Peer.Range.Slice(0, route.Length), route.Peer.Provider), out MapPart part) is { } error)
            {
                return error;
            }
            else
            {
                _resolved!.Add(part);
            }

            left = left with { Range = left.Range.Slice(route.Length, left.Range.Length - route.Length) };
        }

        return null;
    }

    /// <summary>Finds an entry's owner and route; its provider is held from then on.</summary>
    private DmaMapError? TryClassify(ProvidedRange entry, out MapPart part)
    {
        part = new(entry.Range.Start.Value, entry.Range.Length, (_attributes & DmaAttributes.Mmio) != DmaAttributes.None ? MapPartKind.HostBridge : MapPartKind.Ram);
        if (entry.Provider.IsRam)
        {
            return null;
        }

        if (TryHold(entry, out P2PProvider? provider, out P2PMapType type) is { } error)
        {
            return error;
        }

        if (!provider!.Range.Contains(entry.Range))
        {
            return new(Errno.EFAULT, $"{_device}: {entry} is not all in {provider}");
        }

        switch (type)
        {
            case P2PMapType.BusAddress:
                part = new(unchecked(entry.Range.Start.Value + provider.BusOffset), entry.Range.Length, MapPartKind.BusAddress);
                return null;
            case P2PMapType.ThroughHostBridge:
                part = new(entry.Range.Start.Value, entry.Range.Length, MapPartKind.HostBridge);
                return null;
            default:
                return _mapper.NoRoute(_device, provider);
        }
    }

    private DmaMapError? TryHold(ProvidedRange entry, out P2PProvider? provider, out P2PMapType type)
    {
        foreach ((P2PProvider known, P2PMapType route) in _held ??= [])
        {
            if (known.Index == entry.Provider)
            {
                (provider, type) = (known, route);
                return null;
            }
        }

        type = P2PMapType.NotSupported;
        provider = _mapper.Memory.Provider(entry.Provider);
        if (provider is null || !provider.TryAcquire())
        {
            return new(Errno.ENODEV, $"{_device}: {entry}: the provider is gone or going");
        }

        type = _mapper.Routes.MapTypeOf(provider, _device);
        _held.Add((provider, type));
        return null;
    }

    /// <summary>Reads the parts after <see cref="Resolve"/> found nothing to refuse.</summary>
    private PartReader Parts() => new(this);

    private struct PartReader(MappedList list)
    {
        private readonly MappedList _list = list;
        private RangeList.Enumerator _entries = list._memory.GetEnumerator();
        private int _next;
        private MapPart _current;

        public readonly MapPart Current => _current;

        public readonly PartReader GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_list._resolved is { } resolved)
            {
                _current = _next < resolved.Count ? resolved[_next] : default;
                return _next++ < resolved.Count;
            }

            return _entries.MoveNext() && _list.TryClassify(_entries.Current, out _current) is null;
        }
    }
}
