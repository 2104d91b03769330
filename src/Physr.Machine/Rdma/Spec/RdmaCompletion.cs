// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Rdma.Spec;

/// <summary>A completion as it lies on a completion ring: 32 bytes, little-endian.</summary>
/// <remarks>Layout: queue pair at 0, count of the work request at 4, byte count at 8, opcode at 12 (8 bits), status at 13 (8 bits), vendor error at 14 (16 bits),
/// receive ring at 16 (8 bits, 0 or 1), phase at 28. The phase is 1 on the ring's first lap, 0 on the second, and so on; a fresh ring is zero, so nothing looks like a completion before it is one.</remarks>
public readonly record struct RdmaCompletion
{
    /// <summary>The queue pair's number.</summary>
    public uint QueuePair { get; init; }

    /// <summary>Which request of its ring, counted from 0 modulo 2^32.</summary>
    public uint RequestCount { get; init; }

    /// <summary>Bytes moved; 0 unless the status is success.</summary>
    public uint ByteCount { get; init; }

    /// <summary>The operation as the request named it; <see cref="RdmaOpcode.Receive"/> for the receive ring.</summary>
    public RdmaOpcode Opcode { get; init; }

    /// <summary>How it ended.</summary>
    public RdmaCompletionStatus Status { get; init; }

    /// <summary>The <see cref="Bus.BusStatus"/> behind a <see cref="RdmaCompletionStatus.LocalBusError"/>, else 0.</summary>
    public ushort VendorError { get; init; }

    /// <summary>Whether the request was on the receive ring, which the opcode of a malformed send does not tell.</summary>
    public bool IsReceive { get; init; }

    /// <summary>The owner bit.</summary>
    public uint Phase { get; init; }

    /// <summary>The phase of entry number <paramref name="count"/>, counted from 0, of a ring of 2^<paramref name="log2"/> entries.</summary>
    public static uint PhaseOf(uint count, int log2) => ((count >> log2) & 1) ^ 1;

    /// <summary>Reads one from its 32 bytes.</summary>
    public static RdmaCompletion Read(ReadOnlySpan<byte> source) => new()
    {
        QueuePair = BinaryPrimitives.ReadUInt32LittleEndian(source),
        RequestCount = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        ByteCount = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
        Opcode = (RdmaOpcode)source[12],
        Status = (RdmaCompletionStatus)source[13],
        VendorError = BinaryPrimitives.ReadUInt16LittleEndian(source[14..]),
        IsReceive = source[16] != 0,
        Phase = BinaryPrimitives.ReadUInt32LittleEndian(source[28..]),
    };

    /// <summary>Writes the 32 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..RdmaLimits.CompletionSize].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(destination, QueuePair);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], RequestCount);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], ByteCount);
        destination[12] = (byte)Opcode;
        destination[13] = (byte)Status;
        BinaryPrimitives.WriteUInt16LittleEndian(destination[14..], VendorError);
        destination[16] = IsReceive ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], Phase);
    }
}
