// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

public sealed partial class MemoryMap
{
    // Indexed by ProviderIndex; entry 0 is RAM and stays null, and so do those that went.
    private P2PProvider?[] _providers = [null];
    private OwnerTable _owners = OwnerTable.Empty;

    /// <summary>The providers there are now, ascending by index.</summary>
    public IEnumerable<P2PProvider> Providers
    {
        get
        {
            foreach (P2PProvider? provider in Volatile.Read(ref _providers))
            {
                if (provider is not null)
                {
                    yield return provider;
                }
            }
        }
    }

    /// <summary>The current owner table. It never changes: hold it for a run of look-ups, take a new one for the next.</summary>
    public OwnerTable Owners => Volatile.Read(ref _owners);

    /// <summary>The uses outstanding over all providers; zero when everything is unmapped.</summary>
    public long ActiveProviderUses => Providers.Sum(provider => provider.ActiveUses);

    /// <summary>Makes an aperture a provider (rows R43, R44). No page descriptor is made, no alignment asked beyond the bytes themselves.</summary>
    /// <param name="owner">The device's name.</param>
    /// <param name="device">The device itself; may be null.</param>
    /// <param name="bar">Which BAR, or -1.</param>
    /// <param name="range">The aperture in physical addresses; disjoint from other providers, or nested.</param>
    /// <param name="busStart">Its first byte as seen on the bus.</param>
    /// <param name="provider">The provider; null on failure.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EINVAL"/> for an empty range; <see cref="Errno.EBUSY"/> where another provider overlaps it in part or
    /// exactly; <see cref="Errno.ENXIO"/> over System RAM; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno RegisterProvider(string owner, object? device, int bar, PhysicalRange range, DmaAddress busStart, out P2PProvider? provider)
    {
        Errno errno = RegisterProviders(owner, device, [new(bar, range, busStart)], out P2PProvider[] made);
        provider = errno == Errno.None ? made[0] : null;
        return errno;
    }

    /// <summary>The provider of an index; null for RAM, and once it has gone. O(1).</summary>
    public P2PProvider? Provider(ProviderIndex index)
    {
        P2PProvider?[] providers = Volatile.Read(ref _providers);
        return index.Value < (uint)providers.Length ? providers[index.Value] : null;
    }

    /// <summary>Who owns an address: a provider or RAM, and how far (row R45a). Allocates nothing and never waits.</summary>
    public bool TryFindOwner(PhysicalAddress address, out Owner owner) => Volatile.Read(ref _owners).TryFind(address, out owner);

    /// <summary>Removes a provider if nobody uses it: all or nothing (row R43e).</summary>
    /// <returns><see cref="Errno.None"/>, also when it went before; <see cref="Errno.EBUSY"/> while mappings are outstanding.</returns>
    public Errno TryUnregisterProvider(P2PProvider provider)
    {
        ArgumentNullException.ThrowIfNull(provider);
        if (!provider.TryKillIdle())
        {
            return Errno.EBUSY;
        }

        Forget([provider]);
        return Errno.None;
    }

    /// <summary>Lets no new use in, waits for the last one, then removes the provider (row R43e). Idempotent.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up; the provider lets nobody in, and the call can be repeated.</exception>
    public void UnregisterProvider(P2PProvider provider, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(provider);
        provider.Kill();
        provider.Wait(cancellationToken);
        Forget([provider]);
    }

    /// <summary>Registers the apertures of one device: all of them, or none.</summary>
    internal Errno RegisterProviders(string owner, object? device, ReadOnlySpan<BarAperture> bars, out P2PProvider[] made)
    {
        ArgumentException.ThrowIfNullOrEmpty(owner);
        made = [];
        lock (_lock)
        {
            List<PhysicalRange> taken = [.. Providers.Select(existing => existing.Range)];
            foreach (BarAperture bar in bars)
            {
                if (bar.Range.IsEmpty)
                {
                    return Errno.EINVAL;
                }

                if (Resources.RegionIntersects(bar.Range, ResourceFlags.SystemRam, ResourceDescriptor.None) != RegionIntersection.Disjoint)
                {
                    return Errno.ENXIO;
                }

                foreach (PhysicalRange other in taken)
                {
                    bool nests = other != bar.Range && (other.Contains(bar.Range) || bar.Range.Contains(other));
                    if (other.Overlaps(bar.Range) && !nests)
                    {
                        return Errno.EBUSY;
                    }
                }

                taken.Add(bar.Range);
            }

            if (!PassesGate("providers") || !PassesGate("owner table"))
            {
                return Errno.ENOMEM;
            }

            P2PProvider?[] providers = _providers;
            int next = providers.Length;
            Array.Resize(ref providers, next + bars.Length);
            made = new P2PProvider[bars.Length];
            for (int i = 0; i < bars.Length; i++)
            {
                BarAperture bar = bars[i];
                providers[next + i] = made[i] = new(new((uint)(next + i)), owner, device, bar.Number, bar.Range, bar.BusStart);
            }

            Volatile.Write(ref _providers, providers);
            RebuildOwners();
            return Errno.None;
        }
    }

    internal void Forget(IEnumerable<P2PProvider> gone)
    {
        lock (_lock)
        {
            P2PProvider?[] providers = [.. _providers];
            foreach (P2PProvider provider in gone)
            {
                if (providers[provider.Index.Value] == provider)
                {
                    providers[provider.Index.Value] = null;
                }
            }

            Volatile.Write(ref _providers, providers);
            RebuildOwners();
        }
    }

    private void OnResourceChanged(Resource resource)
    {
        if (resource.IsSystemRam)
        {
            lock (_lock)
            {
                RebuildOwners();
            }
        }
    }

    private void RebuildOwners()
    {
        List<OwnedRange> owned = [.. Providers.Select(provider => new OwnedRange(provider.Range, provider.Index))];
        Collect(Resources.Root);
        Volatile.Write(ref _owners, OwnerTable.Build(owned));

        void Collect(Resource parent)
        {
            foreach (Resource child in parent.Children)
            {
                if (child.IsSystemRam)
                {
                    AddRamAround(child.Range);
                }
                else
                {
                    Collect(child);
                }
            }
        }

        // RAM that was put over the edge of a provider keeps only the bytes beside it; a provider inside RAM nests.
        void AddRamAround(PhysicalRange ram)
        {
            foreach (P2PProvider provider in Providers)
            {
                if (provider.Range.Overlaps(ram) && !ram.Contains(provider.Range))
                {
                    ram = provider.Range.Start.Value > ram.Start.Value
                        ? PhysicalRange.FromBounds(ram.Start, provider.Range.Start)
                        : PhysicalRange.FromBounds(new(Math.Min(provider.Range.End.Value, ram.End.Value)), ram.End);
                }
            }

            owned.Add(new(ram, ProviderIndex.Ram));
        }
    }
}
