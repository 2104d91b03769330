// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Gpu.Spec;

/// <summary>A completion as it lies on the ring, in its command's place: 16 bytes, little-endian.</summary>
/// <remarks>Layout: count at 0, status at 4 (16 bits), bus status at 6 (16 bits), phase at 12. The phase is 1 on the ring's first lap, 0 on the second, and so on.</remarks>
/// <param name="CommandCount">Which command, counted from 0 modulo 2^32.</param>
/// <param name="Status">How it ended.</param>
/// <param name="BusStatus">The <see cref="Bus.BusStatus"/> behind a bus error.</param>
/// <param name="Phase">The owner bit.</param>
public readonly record struct GpuCompletion(uint CommandCount, GpuCompletionStatus Status, ushort BusStatus, uint Phase)
{
    /// <summary>The phase of entry number <paramref name="count"/> of a ring of 2^<paramref name="log2"/> entries.</summary>
    public static uint PhaseOf(uint count, int log2) => ((count >> log2) & 1) ^ 1;

    /// <summary>Reads one from its 16 bytes.</summary>
    public static GpuCompletion Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source),
        (GpuCompletionStatus)BinaryPrimitives.ReadUInt16LittleEndian(source[4..]),
        BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[12..]));

    /// <summary>Writes the 16 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..GpuRegisters.CompletionSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination, CommandCount);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[4..], (ushort)Status);
        BinaryPrimitives.WriteUInt16LittleEndian(destination[6..], BusStatus);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], Phase);
    }
}
