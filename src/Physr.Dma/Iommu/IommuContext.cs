// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>What an IOMMU knows of one requester's address space: a row of its device table, or of a PASID table.</summary>
/// <param name="Mode">What happens to its accesses.</param>
/// <param name="Slot">Where its addresses are looked up; null unless they are.</param>
internal sealed record IommuContext(IommuMode Mode, IommuDomainSlot? Slot);
