// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>The providers of one device, one per memory BAR; they live from <see cref="Initialize"/> until the driver lets go (rows R43, R44).</summary>
public sealed class P2PProviderSet
{
    /// <summary>Standard BARs of a PCI function.</summary>
    public const int BarCount = 6;

    private readonly MemoryMap _map;
    private readonly Lock _lock = new();
    private readonly P2PProvider?[] _providers = new P2PProvider?[BarCount];
    private bool _initialized;
    private bool _removed;

    /// <summary>Makes the still empty set of a device.</summary>
    /// <param name="map">The machine's memory.</param>
    /// <param name="owner">The device's name.</param>
    /// <param name="device">The device itself; may be null.</param>
    /// <param name="hasNonMappableBars">Whether the device's BARs may not be mapped (the kernel's <c>non_mappable_bars</c>).</param>
    public P2PProviderSet(MemoryMap map, string owner, object? device = null, bool hasNonMappableBars = false)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentException.ThrowIfNullOrEmpty(owner);
        _map = map;
        Owner = owner;
        Device = device;
        HasNonMappableBars = hasNonMappableBars;
    }

    /// <summary>The device's name.</summary>
    public string Owner { get; }

    /// <summary>The device itself.</summary>
    public object? Device { get; }

    /// <summary>Whether the device's BARs may not be mapped.</summary>
    public bool HasNonMappableBars { get; }

    /// <summary>The machine's memory.</summary>
    public MemoryMap Map => _map;

    /// <summary>Uses outstanding over all BARs.</summary>
    public long ActiveUses => _providers.Sum(provider => provider?.ActiveUses ?? 0);

    /// <summary>Makes a provider of each memory BAR (the kernel's <c>pcim_p2pdma_init</c>). A second call changes nothing (row R43d).</summary>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EOPNOTSUPP"/> for non-mappable BARs; <see cref="Errno.ENODEV"/> once removed;
    /// <see cref="Errno.EINVAL"/> for a BAR number out of range or given twice; else what <see cref="MemoryMap.RegisterProvider"/> answers, with no provider made.</returns>
    public Errno Initialize(params ReadOnlySpan<BarAperture> bars)
    {
        lock (_lock)
        {
            if (_removed || HasNonMappableBars || _initialized)
            {
                return _removed ? Errno.ENODEV : HasNonMappableBars ? Errno.EOPNOTSUPP : Errno.None;
            }

            int seen = 0;
            List<BarAperture> memory = [];
            foreach (BarAperture bar in bars)
            {
                if ((uint)bar.Number >= BarCount || (seen & (1 << bar.Number)) != 0)
                {
                    return Errno.EINVAL;
                }

                seen |= 1 << bar.Number;
                if (bar.IsMemory && !bar.Range.IsEmpty)
                {
                    memory.Add(bar);
                }
            }

            Errno errno = _map.RegisterProviders(Owner, Device, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(memory), out P2PProvider[] made);
            if (errno != Errno.None)
            {
                return errno;
            }

            foreach (P2PProvider provider in made)
            {
                _providers[provider.Bar] = provider;
            }

            _initialized = true;
            return Errno.None;
        }
    }

    /// <summary>The provider of a BAR (the kernel's <c>pcim_p2pdma_provider</c>); null for an I/O or absent BAR, before initialisation and after removal (rows R43c, R43e).</summary>
    public P2PProvider? Provider(int bar) => (uint)bar < BarCount ? Volatile.Read(ref _providers[bar]) : null;

    /// <summary>Removes all providers if none is in use: all or nothing, for a single-threaded driver.</summary>
    /// <returns><see cref="Errno.None"/>, also when removed before; <see cref="Errno.EBUSY"/> while mappings are outstanding.</returns>
    public Errno TryRemove()
    {
        lock (_lock)
        {
            if (ActiveUses != 0)
            {
                return Errno.EBUSY;
            }

            Remove();
            return Errno.None;
        }
    }

    /// <summary>Lets no new use in, waits for the last one of every BAR, then removes the providers: what a driver's removal must do (row R43e). Idempotent.</summary>
    /// <exception cref="OperationCanceledException">The wait was given up; nobody new is let in, and the call can be repeated.</exception>
    public void Remove(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _removed = true;
            P2PProvider[] gone = [.. _providers.OfType<P2PProvider>()];
            Array.ForEach(gone, provider => provider.Kill());
            Array.ForEach(gone, provider => provider.Wait(cancellationToken));
            _map.Forget(gone);
            Array.Clear(_providers);
        }
    }
}
