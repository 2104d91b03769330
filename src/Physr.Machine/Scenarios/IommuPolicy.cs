// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>What a host does with its IOMMU.</summary>
public enum IommuPolicy
{
    /// <summary>Translates; what is unmapped is out of reach before unmapping returns (<c>iommu.strict=1</c>).</summary>
    Strict,

    /// <summary>Translates; what is unmapped is out of reach later, many at once (<c>iommu.strict=0</c>).</summary>
    Lazy,

    /// <summary>Lets every device use physical addresses (<c>iommu=pt</c>): the IOMMU is in the way but does nothing.</summary>
    Passthrough,

    /// <summary>Leaves it switched off: as if there were none.</summary>
    Off,
}
