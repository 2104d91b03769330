// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>The owner of one aperture that peers may DMA to: a memory BAR (the kernel's <c>p2pdma_provider</c>, rows R43 to R45). It has no page descriptors.</summary>
/// <remarks>Whoever maps the aperture for DMA holds a use (<see cref="TryAcquire()"/>) until it unmaps; a provider goes away only when no use is left.</remarks>
public sealed class P2PProvider
{
    private readonly LiveReference _references = new(baseline: 1);

    internal P2PProvider(ProviderIndex index, string owner, object? device, int bar, PhysicalRange range, DmaAddress busStart)
    {
        Index = index;
        Owner = owner;
        Device = device;
        Bar = bar;
        Range = range;
        BusOffset = unchecked(busStart.Value - range.Start.Value);
    }

    /// <summary>Its number, which rides in range-list entries; never reused by another provider of the same map.</summary>
    public ProviderIndex Index { get; }

    /// <summary>The device's name: <c>0000:03:00.0</c>, <c>nvme1</c>.</summary>
    public string Owner { get; }

    /// <summary>The device itself, as the layer above knows it.</summary>
    public object? Device { get; }

    /// <summary>Which BAR, 0 to 5; -1 for an aperture that is none.</summary>
    public int Bar { get; }

    /// <summary>The aperture in the CPU's physical addresses.</summary>
    public PhysicalRange Range { get; }

    /// <summary>Bus address minus physical address, modulo 2^64 (row R43b).</summary>
    public ulong BusOffset { get; }

    /// <summary>Whether new uses are let in.</summary>
    public bool IsLive => !_references.IsKilled;

    /// <summary>How many uses are outstanding.</summary>
    public long ActiveUses => _references.Users;

    /// <summary>The address peers below the same switch put on the bus (rows R43b, R53a).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The address is not in the aperture.</exception>
    public DmaAddress BusAddress(PhysicalAddress address) =>
        Range.Contains(address)
            ? new(unchecked(address.Value + BusOffset))
            : throw new ArgumentOutOfRangeException(nameof(address), address, $"The address is not in {this}.");

    /// <summary>Takes one use.</summary>
    /// <returns>False once the device is being removed.</returns>
    public bool TryAcquire() => _references.TryAcquire();

    /// <summary>Gives one use back.</summary>
    /// <exception cref="PhysrException">None was taken.</exception>
    public void Release() => _references.Release();

    /// <summary>The device, the BAR and the aperture.</summary>
    public override string ToString() => $"{Owner} BAR {Bar} {Resource.Bracketed(Range)}";

    internal bool TryAcquire(long uses) => _references.TryAcquire(uses);

    internal void Release(long uses) => _references.Release(uses);

    internal void Kill() => _references.Kill();

    internal bool TryKillIdle() => _references.TryKillIdle();

    internal void Wait(CancellationToken cancellationToken) => _references.Wait(cancellationToken);
}
