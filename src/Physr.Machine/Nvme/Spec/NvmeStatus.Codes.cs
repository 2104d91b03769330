// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <content>The status codes in use (NVMe Base Specification 2.0, figures 93 to 98; NVM Command Set Specification 1.0, figure 20).</content>
public readonly partial record struct NvmeStatus
{
    /// <summary>Successful Completion (SCT 0, SC 00h).</summary>
    public static NvmeStatus Success => new(0, 0x00);

    /// <summary>Invalid Command Opcode (SCT 0, SC 01h).</summary>
    public static NvmeStatus InvalidOpcode => new(0, 0x01);

    /// <summary>Invalid Field in Command (SCT 0, SC 02h).</summary>
    public static NvmeStatus InvalidField => new(0, 0x02);

    /// <summary>Data Transfer Error: the bus did not deliver (SCT 0, SC 04h).</summary>
    public static NvmeStatus DataTransferError => new(0, 0x04);

    /// <summary>Internal Error (SCT 0, SC 06h).</summary>
    public static NvmeStatus InternalError => new(0, 0x06);

    /// <summary>Command Abort Requested (SCT 0, SC 07h).</summary>
    public static NvmeStatus AbortRequested => new(0, 0x07);

    /// <summary>Command Aborted due to SQ Deletion (SCT 0, SC 08h).</summary>
    public static NvmeStatus AbortedSqDeletion => new(0, 0x08);

    /// <summary>Invalid Namespace or Format (SCT 0, SC 0bh).</summary>
    public static NvmeStatus InvalidNamespace => new(0, 0x0B);

    /// <summary>Invalid SGL Segment Descriptor (SCT 0, SC 0dh).</summary>
    public static NvmeStatus InvalidSglSegment => new(0, 0x0D);

    /// <summary>Invalid Number of SGL Descriptors (SCT 0, SC 0eh).</summary>
    public static NvmeStatus InvalidSglCount => new(0, 0x0E);

    /// <summary>Data SGL Length Invalid (SCT 0, SC 0fh).</summary>
    public static NvmeStatus DataSglLengthInvalid => new(0, 0x0F);

    /// <summary>SGL Descriptor Type Invalid (SCT 0, SC 11h).</summary>
    public static NvmeStatus SglTypeInvalid => new(0, 0x11);

    /// <summary>Invalid Use of Controller Memory Buffer (SCT 0, SC 12h).</summary>
    public static NvmeStatus InvalidCmbUse => new(0, 0x12);

    /// <summary>PRP Offset Invalid (SCT 0, SC 13h).</summary>
    public static NvmeStatus PrpOffsetInvalid => new(0, 0x13);

    /// <summary>Namespace is Write Protected (SCT 0, SC 20h).</summary>
    public static NvmeStatus NamespaceWriteProtected => new(0, 0x20);

    /// <summary>LBA Out of Range (SCT 0, SC 80h).</summary>
    public static NvmeStatus LbaOutOfRange => new(0, 0x80);

    /// <summary>Completion Queue Invalid (SCT 1, SC 00h).</summary>
    public static NvmeStatus CompletionQueueInvalid => new(1, 0x00);

    /// <summary>Invalid Queue Identifier (SCT 1, SC 01h).</summary>
    public static NvmeStatus InvalidQueueId => new(1, 0x01);

    /// <summary>Invalid Queue Size (SCT 1, SC 02h).</summary>
    public static NvmeStatus InvalidQueueSize => new(1, 0x02);

    /// <summary>Asynchronous Event Request Limit Exceeded (SCT 1, SC 05h).</summary>
    public static NvmeStatus AsyncEventLimitExceeded => new(1, 0x05);

    /// <summary>Invalid Interrupt Vector (SCT 1, SC 08h).</summary>
    public static NvmeStatus InvalidInterruptVector => new(1, 0x08);

    /// <summary>Invalid Log Page (SCT 1, SC 09h).</summary>
    public static NvmeStatus InvalidLogPage => new(1, 0x09);

    /// <summary>Invalid Queue Deletion (SCT 1, SC 0ch).</summary>
    public static NvmeStatus InvalidQueueDeletion => new(1, 0x0C);

    /// <summary>Feature Identifier Not Saveable (SCT 1, SC 0dh).</summary>
    public static NvmeStatus FeatureNotSaveable => new(1, 0x0D);

    /// <summary>Feature Not Changeable (SCT 1, SC 0eh).</summary>
    public static NvmeStatus FeatureNotChangeable => new(1, 0x0E);

    /// <summary>Write Fault (SCT 2, SC 80h).</summary>
    public static NvmeStatus WriteFault => new(2, 0x80);

    /// <summary>Unrecovered Read Error (SCT 2, SC 81h).</summary>
    public static NvmeStatus UnrecoveredReadError => new(2, 0x81);

    /// <summary>Compare Failure (SCT 2, SC 85h).</summary>
    public static NvmeStatus CompareFailure => new(2, 0x85);

    /// <summary>Command Aborted By Host: the driver gave it up and reset the controller (SCT 3, SC 71h).</summary>
    public static NvmeStatus AbortedByHost => new(3, 0x71);

    private static string? Name(int value) => value switch
    {
        0x000 => "Successful Completion",
        0x001 => "Invalid Command Opcode",
        0x002 => "Invalid Field in Command",
        0x004 => "Data Transfer Error",
        0x006 => "Internal Error",
        0x007 => "Command Abort Requested",
        0x008 => "Command Aborted due to SQ Deletion",
        0x00B => "Invalid Namespace or Format",
        0x00D => "Invalid SGL Segment Descriptor",
        0x00E => "Invalid Number of SGL Descriptors",
        0x00F => "Data SGL Length Invalid",
        0x011 => "SGL Descriptor Type Invalid",
        0x012 => "Invalid Use of Controller Memory Buffer",
        0x013 => "PRP Offset Invalid",
        0x020 => "Namespace is Write Protected",
        0x080 => "LBA Out of Range",
        0x100 => "Completion Queue Invalid",
        0x101 => "Invalid Queue Identifier",
        0x102 => "Invalid Queue Size",
        0x105 => "Asynchronous Event Request Limit Exceeded",
        0x108 => "Invalid Interrupt Vector",
        0x109 => "Invalid Log Page",
        0x10C => "Invalid Queue Deletion",
        0x10D => "Feature Identifier Not Saveable",
        0x10E => "Feature Not Changeable",
        0x280 => "Write Fault",
        0x281 => "Unrecovered Read Error",
        0x285 => "Compare Failure",
        0x371 => "Command Aborted By Host",
        _ => null,
    };
}
