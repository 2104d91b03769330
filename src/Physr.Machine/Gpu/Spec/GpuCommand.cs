// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Gpu.Spec;

/// <summary>A command as it lies on the ring: 64 bytes, little-endian.</summary>
/// <remarks>Layout: opcode at 0 (8 bits), flags at 1 (8 bits), source at 8, destination at 16, length at 24, value at 32 (64 bits each); the rest is reserved.</remarks>
/// <param name="Opcode">The operation.</param>
/// <param name="Flags"><see cref="FlagInterrupt"/>.</param>
/// <param name="Source">An offset or bus address.</param>
/// <param name="Destination">An offset or bus address.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Value">What to fill or release with.</param>
public readonly record struct GpuCommand(GpuOpcode Opcode, byte Flags, ulong Source, ulong Destination, ulong Length, ulong Value)
{
    /// <summary>Wants an interrupt when it completes.</summary>
    public const byte FlagInterrupt = 1;

    /// <summary>Reads one from its 64 bytes; any bytes give some command, which the device then judges.</summary>
    public static GpuCommand Read(ReadOnlySpan<byte> source) => new(
        (GpuOpcode)source[0],
        source[1],
        BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[32..]));

    /// <summary>Writes the 64 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..GpuRegisters.CommandSize].Clear();
        destination[0] = (byte)Opcode;
        destination[1] = Flags;
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Source);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Destination);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], Value);
    }
}
