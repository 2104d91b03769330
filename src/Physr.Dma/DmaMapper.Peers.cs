// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.CompilerServices;
using Physr.Dma.Mapping;
using Physr.Memory;

namespace Physr.Dma;

/// <content>The streaming form of what is not plain RAM.</content>
public sealed partial class DmaMapper
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private DmaMapError? MapUncommon(DmaDevice device, PhysicalRange range, DmaDirection direction, DmaAttributes attributes, ref DmaAddress address)
    {
        if (range.Length - 1 >= MappingRecord.MaxLength || !IsDirection(direction) || (attributes & ~Known) != DmaAttributes.None)
        {
            return Refusal(device, range, attributes, Errno.EINVAL);
        }

        if (Memory.TouchesPrivate(range))
        {
            return Refusal(device, range, attributes, Errno.EFAULT);
        }

        if ((attributes & DmaAttributes.Mmio) != DmaAttributes.None && Memory.TryFindOwner(range.Start, out Owner owner) && !owner.Provider.IsRam)
        {
            return MapPeer(device, range, owner.Provider, direction, attributes, ref address);
        }

        Errno errno = device.Domain is { } domain
            ? MapTranslated(device, domain, range, direction, attributes, 0, ref address)
            : MapDirect(device, range, direction, attributes, ref address);
        return errno == Errno.None ? null : Refusal(device, range, attributes, errno);
    }

    private DmaMapError? MapPeer(
        DmaDevice device, PhysicalRange range, ProviderIndex index, DmaDirection direction, DmaAttributes attributes, ref DmaAddress address)
    {
        P2PProvider? provider = Memory.Provider(index);
        if (provider is null || !provider.TryAcquire())
        {
            return new(Errno.ENODEV, $"{device}: {range}: the provider is gone or going");
        }

        DmaMapError? error = MapHeldPeer(device, range, provider, direction, attributes, ref address);
        if (error is not null)
        {
            provider.Release();
        }

        return error;
    }

    private DmaMapError? MapHeldPeer(
        DmaDevice device, PhysicalRange range, P2PProvider provider, DmaDirection direction, DmaAttributes attributes, ref DmaAddress address)
    {
        if (!provider.Range.Contains(range))
        {
            return new(Errno.EFAULT, $"{device}: {range} is not all in {provider}");
        }

        P2PMapType type = Routes.MapTypeOf(provider, device);
        if (type is not (P2PMapType.BusAddress or P2PMapType.ThroughHostBridge))
        {
            return NoRoute(device, provider);
        }

        if (type == P2PMapType.ThroughHostBridge && device.Domain is { } domain)
        {
            Errno errno = MapTranslated(device, domain, range, direction, attributes, provider.Index.Value, ref address);
            return errno == Errno.None ? null : Refusal(device, range, attributes, errno);
        }

        ulong at = unchecked(range.Start.Value + (type == P2PMapType.BusAddress ? provider.BusOffset : 0));
        if (at > device.Mask || range.Length - 1 > device.Mask - at)
        {
            return Refusal(device, range, attributes, Errno.EIO);
        }

        if (!TryAdmit())
        {
            return Refusal(device, range, attributes, Errno.ENOMEM);
        }

        address = new(at);
        _peers.Add(device, address, range.Length, provider);
        MapperThread.Current.Count(this, device, 1, (long)range.Length);
        return null;
    }

    internal DmaMapError NoRoute(DmaDevice device, P2PProvider provider) =>
        new(Errno.EREMOTEIO, $"{device} can never reach {provider}: {string.Join("; ", Routes.Explain(provider, device))}");
}
