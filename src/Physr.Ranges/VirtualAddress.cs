// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>An address in one process's virtual address space, in bytes.</summary>
/// <remarks>Addresses have no arithmetic operators on purpose: the caller picks <see cref="Add"/> (checked) or <see cref="TryAdd"/>.
/// No conversion to or from the other address types exists.</remarks>
/// <param name="Value">The raw 64-bit value, in bytes.</param>
public readonly record struct VirtualAddress(ulong Value) : IAddress<VirtualAddress>
{
    /// <inheritdoc/>
    public static VirtualAddress FromValue(ulong value) => new(value);

    /// <inheritdoc/>
    public VirtualAddress Add(ulong bytes) => new(checked(Value + bytes));

    /// <inheritdoc/>
    public bool TryAdd(ulong bytes, out VirtualAddress sum)
    {
        sum = new(unchecked(Value + bytes));
        return sum.Value >= Value;
    }

    /// <inheritdoc/>
    public ulong OffsetFrom(VirtualAddress origin) => checked(Value - origin.Value);

    /// <inheritdoc/>
    public VirtualAddress AlignDown(ulong alignment) => new(Alignment.Down(Value, alignment));

    /// <inheritdoc/>
    public VirtualAddress AlignUp(ulong alignment) => new(Alignment.Up(Value, alignment));

    /// <inheritdoc/>
    public bool IsAligned(ulong alignment) => Alignment.IsAligned(Value, alignment);

    /// <inheritdoc/>
    public int CompareTo(VirtualAddress other) => Value.CompareTo(other.Value);

    /// <summary>The address as <c>0x</c> and lower-case hexadecimal digits.</summary>
    public override string ToString() => $"0x{Value:x}";
}
