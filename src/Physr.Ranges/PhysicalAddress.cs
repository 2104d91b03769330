// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>An address in the CPU's physical address space, in bytes (the kernel's <c>phys_addr_t</c>).</summary>
/// <remarks>Addresses have no arithmetic operators on purpose: the caller picks <see cref="Add"/> (checked) or <see cref="TryAdd"/>.
/// No conversion to or from the other address types exists.</remarks>
/// <param name="Value">The raw 64-bit value, in bytes.</param>
public readonly record struct PhysicalAddress(ulong Value) : IAddress<PhysicalAddress>
{
    /// <inheritdoc/>
    public static PhysicalAddress FromValue(ulong value) => new(value);

    /// <inheritdoc/>
    public PhysicalAddress Add(ulong bytes) => new(checked(Value + bytes));

    /// <inheritdoc/>
    public bool TryAdd(ulong bytes, out PhysicalAddress sum)
    {
        sum = new(unchecked(Value + bytes));
        return sum.Value >= Value;
    }

    /// <inheritdoc/>
    public ulong OffsetFrom(PhysicalAddress origin) => checked(Value - origin.Value);

    /// <inheritdoc/>
    public PhysicalAddress AlignDown(ulong alignment) => new(Alignment.Down(Value, alignment));

    /// <inheritdoc/>
    public PhysicalAddress AlignUp(ulong alignment) => new(Alignment.Up(Value, alignment));

    /// <inheritdoc/>
    public bool IsAligned(ulong alignment) => Alignment.IsAligned(Value, alignment);

    /// <inheritdoc/>
    public int CompareTo(PhysicalAddress other) => Value.CompareTo(other.Value);

    /// <summary>The address as <c>0x</c> and lower-case hexadecimal digits.</summary>
    public override string ToString() => $"0x{Value:x}";

    /// <summary>The frame that holds this byte.</summary>
    public PageFrameNumber Frame => new(Value >> PageSize.Shift4K);
}
