// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Gpu.Spec;

/// <summary>A compute command as it lies on the ring: 64 bytes, little-endian.</summary>
/// <remarks>Layout: opcode at 0 (8 bits), lanes at 1 (8 bits), context at 2 (16 bits), address at 8, other at 16, length at 24, value at 32, stride at 40 (64 bits each);
/// the rest is reserved. Each completion interrupts.</remarks>
/// <param name="Opcode">The operation.</param>
/// <param name="Context">The address space.</param>
/// <param name="Address">The first virtual address.</param>
/// <param name="Other">A second one, where the operation has it.</param>
/// <param name="Length">Bytes, or a count.</param>
/// <param name="Value">The key, or what to write or add.</param>
/// <param name="Stride">Bytes from one to the next, or words of payload.</param>
/// <param name="Lanes">How many accesses may be under way at a time; 0 is as many as the engine has.</param>
public readonly record struct GpuComputeCommand(
    GpuComputeOpcode Opcode, ushort Context, ulong Address, ulong Other, ulong Length, ulong Value, ulong Stride = 0, byte Lanes = 0)
{
    /// <summary>Reads one from its 64 bytes; any bytes give some command, which the device then judges.</summary>
    public static GpuComputeCommand Read(ReadOnlySpan<byte> source) => new(
        (GpuComputeOpcode)source[0],
        BinaryPrimitives.ReadUInt16LittleEndian(source[2..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[40..]),
        source[1]);

    /// <summary>Writes the 64 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..GpuComputeRegisters.CommandSize].Clear();
        destination[0] = (byte)Opcode;
        destination[1] = Lanes;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[2..], Context);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Address);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Other);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Length);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], Value);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[40..], Stride);
    }
}
