// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>One way to move the transfers: which memory the bytes pass through, and what the host is while they do.</summary>
public sealed record RouteSpec
{
    /// <summary>Unique in the scenario.</summary>
    public required string Name { get; init; }

    /// <summary>The device whose memory stages the bytes (a CMB or an aperture); null is RAM: bounce.</summary>
    public string? Provider { get; init; }

    /// <summary>Whether the provider's memory gets page descriptors (a <c>PciP2P</c> pagemap) or none.</summary>
    public bool Pages { get; init; }

    /// <summary>Whether the orchestrator picks the nearest published provider itself (row R48); <see cref="Provider"/> is then null.</summary>
    public bool Automatic { get; init; }

    /// <summary>A CPU for this route alone; null is the host's.</summary>
    public string? CpuVendor { get; init; }

    /// <summary>Its family; used where <see cref="CpuVendor"/> is set.</summary>
    public int CpuFamily { get; init; }

    /// <summary>ACS control bits for this route alone, by node name.</summary>
    public IReadOnlyDictionary<string, ushort> AcsControl { get; init; } = new Dictionary<string, ushort>(StringComparer.Ordinal);

    /// <summary>An IOMMU for this route alone; null is the host's.</summary>
    public IommuSpec? Iommu { get; init; }

    /// <summary>How many address bits devices have on this route alone, by node name.</summary>
    public IReadOnlyDictionary<string, int> DmaMaskBits { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>How the GPU reaches the process's memory, in a scenario of <c>kind: unaddressable</c>; null in others.</summary>
    public SvmRouteSpec? Svm { get; init; }

    /// <summary>The array, in a scenario of <c>kind: storage</c>; null in others.</summary>
    public StorageRouteSpec? Storage { get; init; }

    /// <summary>Whether a refused route moves the bytes through RAM instead, and says so; otherwise it moves nothing and fails.</summary>
    public bool FallBack { get; init; } = true;
}
