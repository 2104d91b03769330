// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Rdma.Spec;

/// <summary>A work request as it lies on a send or receive ring: 64 bytes, little-endian.</summary>
/// <remarks>Layout: opcode at 0 (8 bits), flags at 1 (8 bits), length at 4, local key at 8, remote key at 12, local address at 16, remote address at 24; the rest
/// is reserved and ignored.</remarks>
public readonly record struct RdmaWorkRequest
{
    /// <summary>Wants a completion on success too.</summary>
    public const byte FlagSignaled = 1;

    /// <summary>Starts only after all earlier reads of this queue pair are done.</summary>
    public const byte FlagFence = 2;

    /// <summary>The operation.</summary>
    public RdmaOpcode Opcode { get; init; }

    /// <summary><see cref="FlagSignaled"/> and <see cref="FlagFence"/>.</summary>
    public byte Flags { get; init; }

    /// <summary>Bytes.</summary>
    public uint Length { get; init; }

    /// <summary>The key of the local region.</summary>
    public uint LocalKey { get; init; }

    /// <summary>The key of the remote region; unused by SEND and RECEIVE.</summary>
    public uint RemoteKey { get; init; }

    /// <summary>The first byte in the local region's virtual space.</summary>
    public ulong LocalAddress { get; init; }

    /// <summary>The first byte in the remote region's virtual space.</summary>
    public ulong RemoteAddress { get; init; }

    /// <summary>Reads one from its 64 bytes; any bytes give some request, which the device then judges.</summary>
    public static RdmaWorkRequest Read(ReadOnlySpan<byte> source) => new()
    {
        Opcode = (RdmaOpcode)source[0],
        Flags = source[1],
        Length = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        LocalKey = BinaryPrimitives.ReadUInt32LittleEndian(source[8..]),
        RemoteKey = BinaryPrimitives.ReadUInt32LittleEndian(source[12..]),
        LocalAddress = BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        RemoteAddress = BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
    };

    /// <summary>Writes the 64 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..RdmaLimits.WorkRequestSize].Clear();
        destination[0] = (byte)Opcode;
        destination[1] = Flags;
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Length);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], LocalKey);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[12..], RemoteKey);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], LocalAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], RemoteAddress);
    }
}
