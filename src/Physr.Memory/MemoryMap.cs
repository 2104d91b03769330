// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>All physical memory of one machine: the resource tree, the pagemaps with their page descriptors, the providers, and the answer to "who owns this
/// address".</summary>
/// <remarks>Changes are serialised by a lock; look-ups read immutable snapshots and never wait.</remarks>
public sealed partial class MemoryMap
{
    private readonly Lock _lock = new();
    private readonly MemoryMapOptions _options;

    /// <summary>Makes the map of a machine without memory.</summary>
    public MemoryMap(MemoryMapOptions? options = null)
        : this(options ?? new(), null)
    {
    }

    /// <summary>Makes the map of a machine whose resources are known already, as read from <c>/proc/iomem</c>.</summary>
    public MemoryMap(ResourceTree resources, MemoryMapOptions? options = null)
        : this(options ?? new(), resources ?? throw new ArgumentNullException(nameof(resources)))
    {
    }

    private MemoryMap(MemoryMapOptions options, ResourceTree? resources)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PhysicalAddressBits, 28, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.PhysicalAddressBits, 56, nameof(options));
        _options = options;
        Resources = resources ?? new ResourceTree(options.PhysicalAddressBits);
        PhysicalEnd = new(1UL << options.PhysicalAddressBits);
        MappableEnd = options.MappableEnd ?? PhysicalEnd;
        Private = new(this);
        Resources.Changed += OnResourceChanged;
        RebuildOwners();
    }

    /// <summary>Who decodes which addresses. RAM put here directly is seen by owner look-ups too.</summary>
    public ResourceTree Resources { get; }

    /// <summary>Device-private memory in an offset space of its own (row R16b).</summary>
    public DevicePrivateSpace Private { get; }

    /// <summary>One past the last physical address.</summary>
    public PhysicalAddress PhysicalEnd { get; }

    /// <summary>One past the last address the linear map reaches.</summary>
    public PhysicalAddress MappableEnd { get; }

    /// <summary>Adds RAM that was there at boot.</summary>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EBUSY"/> with the resource in the way; <see cref="Errno.EINVAL"/> for an empty range.</returns>
    public Errno AddRam(PhysicalRange range, out Resource? conflict)
    {
        lock (_lock)
        {
            return Resources.RequestRegion(WellKnownResource.SystemRam, range, ResourceFlags.SystemRam | ResourceFlags.Busy, ResourceDescriptor.None, out _, out conflict);
        }
    }

    internal bool PassesGate(string site) => _options.AllocationGate?.TryPass(site) != false;

    private void Warn(string message) => _options.Warn?.Invoke(message);
}
