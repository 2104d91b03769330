// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Gpu.Spec;

/// <summary>A compute completion as it lies on the ring, in its command's place: 64 bytes, little-endian.</summary>
/// <remarks>Layout: count at 0, status at 4 (16 bits), bus status at 6 (16 bits), phase at 12, result at 16, address at 24, done at 32 (64 bits each). The phase is 1 on
/// the ring's first lap, 0 on the second, and so on.</remarks>
/// <param name="CommandCount">Which command, counted from 0 modulo 2^32.</param>
/// <param name="Status">How it ended.</param>
/// <param name="BusStatus">The <see cref="Bus.BusStatus"/> behind a bus error.</param>
/// <param name="Phase">The owner bit.</param>
/// <param name="Result">The checksum, sum or old word.</param>
/// <param name="Address">The virtual address at which it failed.</param>
/// <param name="Done">Bytes, atomic steps or nodes that were done; with several lanes they need not be the first ones.</param>
public readonly record struct GpuComputeCompletion(
    uint CommandCount, GpuComputeStatus Status, ushort BusStatus, uint Phase, ulong Result, ulong Address, ulong Done)
{
    /// <summary>Reads one from its 64 bytes.</summary>
    public static GpuComputeCompletion Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source),
        (GpuComputeStatus)BinaryPrimitives.ReadUInt16LittleEndian(source[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[32..]));

    /// <summary>Writes the 64 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..GpuComputeRegisters.CompletionSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination, CommandCount);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], (ushort)Status);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], BusStatus);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], Phase);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Result);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], Address);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], Done);
    }
}
