// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Dma.PageTables;

namespace Physr.Machine.Scenarios;

/// <summary>A host's IOMMU: one unit for each host bridge, one domain for each device.</summary>
/// <param name="Format">How its tables are laid out.</param>
/// <param name="Policy">What the host does with it.</param>
/// <param name="IotlbEntries">Translations that each unit remembers; 0 is none.</param>
public sealed record IommuSpec(IoPageTableFormat Format, IommuPolicy Policy, int IotlbEntries);
