// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma;
using Physr.Dma.Broker;
using Physr.Dma.Mirror;
using Physr.Memory;
using Physr.Mm;

namespace Physr.Hmm;

/// <summary>How one device comes to another's private pages that its mirror of a process met: over an interconnect, through the owner's BAR, or by bringing them home (row R42, mission text 000).</summary>
/// <remarks>The broker weighs the ways by their cost; no private offset leaves here.</remarks>
/// <param name="memory">The host's memory.</param>
/// <param name="broker">Knows what owners published.</param>
/// <param name="client">Who wants the pages.</param>
public sealed class ForeignPages(PhysicalMemory memory, IDevicePrivateBroker broker, DmaDevice client)
{
    /// <summary>Pages reached over an interconnect.</summary>
    public long Interconnect { get; private set; }

    /// <summary>Pages reached through a BAR.</summary>
    public long PeerToPeer { get; private set; }

    /// <summary>Pages that were brought home.</summary>
    public long BroughtHome { get; private set; }

    /// <summary>Finds a way to one page of a mirror that asked with <see cref="MirrorRequest.ReportsForeign"/>. Below the device's own lock, with the sequence still true, as for every use of it.</summary>
    /// <param name="frame">What the mirror gave.</param>
    /// <param name="way">The way: for <see cref="PrivateRouteKind.Interconnect"/> its address, for <see cref="PrivateRouteKind.PeerToPeer"/> the range of the owner's BAR, which is mapped as any
    /// peer's. For <see cref="PrivateRouteKind.Migrate"/> there is none until <see cref="BringHome"/> and another look at the page tables.</param>
    /// <returns>False for a page that is not private: it is mapped as it is.</returns>
    public bool TryFindWay(MirrorFrame frame, out PrivateRoute way)
    {
        way = default;
        if (!frame.Has(MirrorFlags.Valid) || !TryFindPrivate(frame, out PrivateRange range))
        {
            return false;
        }

        way = broker.Resolve(client, range);
        switch (way.Kind)
        {
            case PrivateRouteKind.Interconnect:
                Interconnect++;
                break;
            case PrivateRouteKind.PeerToPeer:
                PeerToPeer++;
                break;
        }

        return true;
    }

    /// <summary>Brings a page home by the fault that the CPU's touch would be; the mirror looks again then.</summary>
    /// <returns>What the access gave: a page that cannot come home is the process's loss, not only the device's.</returns>
    public AccessOutcome BringHome(AddressSpace space, VirtualAddress address)
    {
        ArgumentNullException.ThrowIfNull(space);
        AccessOutcome outcome = space.Load(address, out byte _);
        BroughtHome += outcome == AccessOutcome.Done ? 1 : 0;
        return outcome;
    }

    private bool TryFindPrivate(MirrorFrame frame, out PrivateRange range)
    {
        ProvidedRange named = frame.IsPrivateOffset
            ? new(new(new PhysicalAddress(frame.PrivateOffset.Value), PageSize.Size4K), ProviderIndex.DevicePrivate)
            : new(new(frame.Frame.Address, PageSize.Size4K), ProviderIndex.Ram);
        return memory.Map.TryFindPrivate(named, out range);
    }
}
