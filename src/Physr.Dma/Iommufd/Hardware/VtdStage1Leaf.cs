// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Dma.Iommufd.Hardware;

/// <summary>What a first stage says of a page: where it leads in the guest, and who may use it.</summary>
/// <param name="Guest">The guest-physical address of its first byte, as the second stage's input.</param>
/// <param name="Leaf">The addresses it stands for.</param>
/// <param name="Access">What is allowed.</param>
/// <param name="IsDirty">Whether its entry says already that it was written.</param>
internal readonly record struct VtdStage1Leaf(DmaAddress Guest, DmaRange Leaf, IommuAccess Access, bool IsDirty)
{
    /// <summary>Where an address in it leads in the guest.</summary>
    public DmaAddress GuestAddressOf(DmaAddress iova) => new(Guest.Value + (iova.Value - Leaf.Start.Value));
}
