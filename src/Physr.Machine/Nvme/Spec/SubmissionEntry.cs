// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Machine.Nvme.Spec;

/// <summary>A submission queue entry: 64 bytes, little-endian (NVMe Base Specification 2.0, section 3.3.3.1).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct SubmissionEntry
{
    /// <summary>Bytes in an entry.</summary>
    public const int Size = 64;

    /// <summary>CDW0: opcode (7:0), FUSE (9:8), PSDT (15:14), CID (31:16).</summary>
    public uint Cdw0 { get; set; }

    /// <summary>NSID.</summary>
    public uint NamespaceId { get; set; }

    /// <summary>CDW2.</summary>
    public uint Cdw2 { get; set; }

    /// <summary>CDW3.</summary>
    public uint Cdw3 { get; set; }

    /// <summary>MPTR.</summary>
    public ulong MetadataPointer { get; set; }

    /// <summary>PRP1, or the first half of SGL1: its address.</summary>
    public ulong Prp1 { get; set; }

    /// <summary>PRP2, or the second half of SGL1: length and type.</summary>
    public ulong Prp2 { get; set; }

    /// <summary>CDW10.</summary>
    public uint Cdw10 { get; set; }

    /// <summary>CDW11.</summary>
    public uint Cdw11 { get; set; }

    /// <summary>CDW12.</summary>
    public uint Cdw12 { get; set; }

    /// <summary>CDW13.</summary>
    public uint Cdw13 { get; set; }

    /// <summary>CDW14.</summary>
    public uint Cdw14 { get; set; }

    /// <summary>CDW15.</summary>
    public uint Cdw15 { get; set; }

    /// <summary>The opcode.</summary>
    public readonly byte Opcode => (byte)Cdw0;

    /// <summary>FUSE: 0 where the command stands alone.</summary>
    public readonly int Fused => (int)(Cdw0 >> 8 & 3);

    /// <summary>PSDT: 0 PRPs, 1 and 2 SGL.</summary>
    public readonly int PointerKind => (int)(Cdw0 >> 14 & 3);

    /// <summary>CID.</summary>
    public readonly ushort CommandId => (ushort)(Cdw0 >> 16);

    /// <summary>SLBA of I/O commands: CDW10 and CDW11.</summary>
    public readonly ulong StartingBlock => Cdw10 | (ulong)Cdw11 << 32;

    /// <summary>NLB of I/O commands, 1-based here.</summary>
    public readonly uint BlockCount => (Cdw12 & 0xFFFF) + 1;

    /// <summary>SGL1 of a command with PSDT 1 or 2.</summary>
    public readonly SglDescriptor Sgl => new() { Address = Prp1, Control = Prp2 };

    /// <summary>CDW0 of parts.</summary>
    public static uint Command(byte opcode, ushort commandId, int pointerKind = 0) => opcode | (uint)pointerKind << 14 | (uint)commandId << 16;
}
