// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Gpu.Spec;

/// <summary>A fault as it lies on the fault ring in host memory: 32 bytes, little-endian.</summary>
/// <remarks>Layout: address at 0 (64 bits), context at 8 (16 bits), access at 10, reason at 11, engine at 12, lane at 13 (8 bits each), count at 16 (32 bits), phase at
/// 20 (32 bits), moment at 24 (64 bits, nanoseconds). The phase is 1 on the ring's first lap, 0 on the second, and so on, as of completions.</remarks>
/// <param name="Address">The virtual address that could not be reached.</param>
/// <param name="Context">The address space.</param>
/// <param name="Access">What was wanted.</param>
/// <param name="Reason">Why it was refused.</param>
/// <param name="Engine">Whose access it was.</param>
/// <param name="Lane">Which of the engine's lanes stands still for it.</param>
/// <param name="Count">Which record, counted from 0 modulo 2^32.</param>
/// <param name="Phase">The owner bit.</param>
/// <param name="Nanoseconds">When.</param>
public readonly record struct GpuFaultRecord(
    ulong Address, ushort Context, GpuAccess Access, GpuFaultReason Reason, GpuFaultEngine Engine, byte Lane, uint Count, uint Phase, ulong Nanoseconds)
{
    /// <summary>Bytes of a record.</summary>
    public const int Size = 32;

    /// <summary>Reads one from its 32 bytes.</summary>
    public static GpuFaultRecord Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt64LittleEndian(source),
        BinaryPrimitives.ReadUInt16LittleEndian(source[8..]),
        (GpuAccess)source[10],
        (GpuFaultReason)source[11],
        (GpuFaultEngine)source[12],
        source[13],
        BinaryPrimitives.ReadUInt32LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[20..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[24..]));

    /// <summary>Writes the 32 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..Size].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Address);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[8..], Context);
        destination[10] = (byte)Access;
        destination[11] = (byte)Reason;
        destination[12] = (byte)Engine;
        destination[13] = Lane;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[16..], Count);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[20..], Phase);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Nanoseconds);
    }
}
