// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Rdma.Spec;

/// <summary>The answer to a command as it lies on the response ring, in the command's place: 32 bytes, little-endian.</summary>
/// <remarks>Layout: count of the command at 0, error at 4, value at 8 (64 bits), phase at 28 (as <see cref="RdmaCompletion.Phase"/>).</remarks>
/// <param name="CommandCount">Which command, counted from 0 modulo 2^32.</param>
/// <param name="Errno">The error, or none.</param>
/// <param name="Value">The number or key that was made, or the state asked for.</param>
/// <param name="Phase">The owner bit.</param>
public readonly record struct RdmaResponse(uint CommandCount, Errno Errno, ulong Value, uint Phase)
{
    /// <summary>Reads one from its 32 bytes.</summary>
    public static RdmaResponse Read(ReadOnlySpan<byte> source) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(source),
        (Errno)BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(source[28..]));

    /// <summary>Writes the 32 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..RdmaLimits.ResponseSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination, CommandCount);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], (int)Errno);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], Value);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Phase);
    }
}
