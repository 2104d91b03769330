// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommu;

/// <summary>A process address space id: which of a device's translations a request asks for (PCIe Base Specification, section 6.20).</summary>
/// <param name="Value">20 bits; 0 is what requests without one use (the kernel's <c>IOMMU_NO_PASID</c>).</param>
public readonly record struct Pasid(uint Value)
{
    /// <summary>Ids of 20 bits.</summary>
    public const uint Count = 1U << 20;

    /// <summary>Requests without an id.</summary>
    public static Pasid None => default;

    /// <summary>Whether it is that of requests without one.</summary>
    public bool IsNone => Value == 0;

    /// <summary>The number, or <c>none</c>.</summary>
    public override string ToString() => IsNone ? "none" : $"{Value}";
}
