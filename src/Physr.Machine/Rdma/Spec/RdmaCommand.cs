// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Buffers.Binary;

namespace Physr.Machine.Rdma.Spec;

/// <summary>A command as it lies on the command ring: 64 bytes, little-endian.</summary>
/// <remarks>Layout: opcode at 0 (16 bits), target at 4 (32 bits), A at 8, B at 16, C at 24 (64 bits each), D at 32, E at 36, F at 40, G at 44 (32 bits each).
/// <see cref="RdmaCommandOpcode"/> says what each means.</remarks>
public readonly record struct RdmaCommand
{
    /// <summary>The command.</summary>
    public RdmaCommandOpcode Opcode { get; init; }

    /// <summary>The object it is about.</summary>
    public uint Target { get; init; }

    /// <summary>First 64-bit argument.</summary>
    public ulong A { get; init; }

    /// <summary>Second 64-bit argument.</summary>
    public ulong B { get; init; }

    /// <summary>Third 64-bit argument.</summary>
    public ulong C { get; init; }

    /// <summary>First 32-bit argument.</summary>
    public uint D { get; init; }

    /// <summary>Second 32-bit argument.</summary>
    public uint E { get; init; }

    /// <summary>Third 32-bit argument.</summary>
    public uint F { get; init; }

    /// <summary>Fourth 32-bit argument.</summary>
    public uint G { get; init; }

    /// <summary>Reads one from its 64 bytes.</summary>
    public static RdmaCommand Read(ReadOnlySpan<byte> source) => new()
    {
        Opcode = (RdmaCommandOpcode)BinaryPrimitives.ReadUInt16LittleEndian(source),
        Target = BinaryPrimitives.ReadUInt32LittleEndian(source[4..]),
        A = BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
        B = BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
        C = BinaryPrimitives.ReadUInt64LittleEndian(source[24..]),
        D = BinaryPrimitives.ReadUInt32LittleEndian(source[32..]),
        E = BinaryPrimitives.ReadUInt32LittleEndian(source[36..]),
        F = BinaryPrimitives.ReadUInt32LittleEndian(source[40..]),
        G = BinaryPrimitives.ReadUInt32LittleEndian(source[44..]),
    };

    /// <summary>Writes the 64 bytes.</summary>
    public void Write(Span<byte> destination)
    {
        destination[..RdmaLimits.CommandSize].Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(destination, (ushort)Opcode);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[4..], Target);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[8..], A);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], B);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[24..], C);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[32..], D);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[36..], E);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[40..], F);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[44..], G);
    }
}
