// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>An address as a device puts it on its bus: a bus address, an IOVA or, without an IOMMU, a physical address (the kernel's <c>dma_addr_t</c>), in bytes.</summary>
/// <remarks>Addresses have no arithmetic operators on purpose: the caller picks <see cref="Add"/> (checked) or <see cref="TryAdd"/>.
/// No conversion to or from the other address types exists.</remarks>
/// <param name="Value">The raw 64-bit value, in bytes.</param>
public readonly record struct DmaAddress(ulong Value) : IAddress<DmaAddress>
{
    /// <inheritdoc/>
    public static DmaAddress FromValue(ulong value) => new(value);

    /// <inheritdoc/>
    public DmaAddress Add(ulong bytes) => new(checked(Value + bytes));

    /// <inheritdoc/>
    public bool TryAdd(ulong bytes, out DmaAddress sum)
    {
        sum = new(unchecked(Value + bytes));
        return sum.Value >= Value;
    }

    /// <inheritdoc/>
    public ulong OffsetFrom(DmaAddress origin) => checked(Value - origin.Value);

    /// <inheritdoc/>
    public DmaAddress AlignDown(ulong alignment) => new(Alignment.Down(Value, alignment));

    /// <inheritdoc/>
    public DmaAddress AlignUp(ulong alignment) => new(Alignment.Up(Value, alignment));

    /// <inheritdoc/>
    public bool IsAligned(ulong alignment) => Alignment.IsAligned(Value, alignment);

    /// <inheritdoc/>
    public int CompareTo(DmaAddress other) => Value.CompareTo(other.Value);

    /// <summary>The address as <c>0x</c> and lower-case hexadecimal digits.</summary>
    public override string ToString() => $"0x{Value:x}";

    /// <summary>The value no mapping ever returns (the kernel's <c>DMA_MAPPING_ERROR</c>, all ones).</summary>
    public static DmaAddress MappingError => new(ulong.MaxValue);
}
