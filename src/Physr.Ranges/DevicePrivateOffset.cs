// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Ranges;

/// <summary>An offset into the address space of its own in which device-private memory lives, in bytes. It is no physical address and can never reach DMA (row R42c).</summary>
/// <remarks>Addresses have no arithmetic operators on purpose: the caller picks <see cref="Add"/> (checked) or <see cref="TryAdd"/>.
/// No conversion to or from the other address types exists.</remarks>
/// <param name="Value">The raw 64-bit value, in bytes.</param>
public readonly record struct DevicePrivateOffset(ulong Value) : IAddress<DevicePrivateOffset>
{
    /// <inheritdoc/>
    public static DevicePrivateOffset FromValue(ulong value) => new(value);

    /// <inheritdoc/>
    public DevicePrivateOffset Add(ulong bytes) => new(checked(Value + bytes));

    /// <inheritdoc/>
    public bool TryAdd(ulong bytes, out DevicePrivateOffset sum)
    {
        sum = new(unchecked(Value + bytes));
        return sum.Value >= Value;
    }

    /// <inheritdoc/>
    public ulong OffsetFrom(DevicePrivateOffset origin) => checked(Value - origin.Value);

    /// <inheritdoc/>
    public DevicePrivateOffset AlignDown(ulong alignment) => new(Alignment.Down(Value, alignment));

    /// <inheritdoc/>
    public DevicePrivateOffset AlignUp(ulong alignment) => new(Alignment.Up(Value, alignment));

    /// <inheritdoc/>
    public bool IsAligned(ulong alignment) => Alignment.IsAligned(Value, alignment);

    /// <inheritdoc/>
    public int CompareTo(DevicePrivateOffset other) => Value.CompareTo(other.Value);

    /// <summary>The address as <c>0x</c> and lower-case hexadecimal digits.</summary>
    public override string ToString() => $"0x{Value:x}";
}
