// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios.Reading;

/// <summary>A node of the fabric as it was read, before the nodes are held against each other.</summary>
/// <param name="Reader">Its keys and their places.</param>
/// <param name="Kind">What it is, where that is known.</param>
/// <param name="Spec">Its properties.</param>
internal sealed record FabricDraft(MappingReader Reader, FabricKind? Kind, FabricSpec Spec)
{
    /// <summary>Its namespaces, to tell where each stands.</summary>
    public IReadOnlyList<NamespaceDraft> Namespaces { get; init; } = [];

    /// <summary>Whether the node hangs somewhere below a host bridge, as far as could be seen.</summary>
    public bool IsPlaced { get; set; } = true;

    /// <summary>Its name.</summary>
    public string Name => Spec.Name;

    /// <summary>Whether it has memory that peers can reach.</summary>
    public bool IsProvider => Kind switch
    {
        FabricKind.Nvme => Reader.Node["cmb"] is not null,
        FabricKind.Gpu => true,
        _ => false,
    };

    /// <summary>Bytes of that memory that peers can reach; 0 where they could not be read.</summary>
    public ulong ProviderBytes => Kind == FabricKind.Nvme ? Spec.CmbBytes : Spec.ApertureBytes;

    /// <summary>Whether it is a device: something with transactions of its own.</summary>
    public bool IsDevice => Kind is FabricKind.Nvme or FabricKind.RdmaNic or FabricKind.Gpu or FabricKind.Endpoint or FabricKind.Pmem;
}
