// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Machine.Nvme.Spec;

/// <summary>A completion queue entry: 16 bytes, little-endian (NVMe Base Specification 2.0, section 3.3.3.2).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct CompletionEntry
{
    /// <summary>Bytes in an entry.</summary>
    public const int Size = 16;

    /// <summary>DW0: command specific.</summary>
    public uint Result { get; set; }

    /// <summary>DW1: command specific.</summary>
    public uint Result2 { get; set; }

    /// <summary>SQHD: how far the controller has read the submission queue.</summary>
    public ushort SubmissionHead { get; set; }

    /// <summary>SQID.</summary>
    public ushort SubmissionQueueId { get; set; }

    /// <summary>CID.</summary>
    public ushort CommandId { get; set; }

    /// <summary>The status field (15:1) and the phase tag (0).</summary>
    public ushort StatusAndPhase { get; set; }

    /// <summary>The status.</summary>
    public readonly NvmeStatus Status => new((ushort)(StatusAndPhase >> 1));

    /// <summary>The phase tag, which flips each time the queue wraps.</summary>
    public readonly bool Phase => (StatusAndPhase & 1) != 0;
}
