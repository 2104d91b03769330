// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Machine.Nvme.Spec;

/// <summary>An SGL descriptor: 16 bytes (NVMe Base Specification 2.0, section 4.1.2.1).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct SglDescriptor
{
    /// <summary>Bytes in a descriptor.</summary>
    public const int Size = 16;

    /// <summary>The address; reserved in a bit bucket.</summary>
    public ulong Address { get; set; }

    /// <summary>Length (31:0), reserved (55:32), subtype (59:56), type (63:60).</summary>
    public ulong Control { get; set; }

    /// <summary>Bytes of data or of descriptors.</summary>
    public readonly uint Length => (uint)Control;

    /// <summary>The type; values above <see cref="SglType.LastSegment"/> are not supported.</summary>
    public readonly SglType Type => (SglType)(Control >> 60);

    /// <summary>The subtype; 0 is an address.</summary>
    public readonly int Subtype => (int)(Control >> 56 & 0xF);

    /// <summary>Makes a descriptor of parts.</summary>
    public static SglDescriptor Create(SglType type, ulong address, uint length) => new() { Address = address, Control = length | (ulong)type << 60 };
}
