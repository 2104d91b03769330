// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>Byte offsets of the controller properties in BAR 0 (NVMe Base Specification 2.0, section 3.1.3, figure 35).</summary>
public static class NvmeRegister
{
    /// <summary>The BAR that holds them (PCIe Transport: MLBAR and MUBAR).</summary>
    public const int Bar = 0;

    /// <summary>Controller Capabilities, 64 bits.</summary>
    public const ulong CAP = 0x00;

    /// <summary>Version.</summary>
    public const ulong VS = 0x08;

    /// <summary>Interrupt Mask Set.</summary>
    public const ulong INTMS = 0x0C;

    /// <summary>Interrupt Mask Clear.</summary>
    public const ulong INTMC = 0x10;

    /// <summary>Controller Configuration.</summary>
    public const ulong CC = 0x14;

    /// <summary>Controller Status.</summary>
    public const ulong CSTS = 0x1C;

    /// <summary>Admin Queue Attributes.</summary>
    public const ulong AQA = 0x24;

    /// <summary>Admin Submission Queue Base Address, 64 bits.</summary>
    public const ulong ASQ = 0x28;

    /// <summary>Admin Completion Queue Base Address, 64 bits.</summary>
    public const ulong ACQ = 0x30;

    /// <summary>Controller Memory Buffer Location.</summary>
    public const ulong CMBLOC = 0x38;

    /// <summary>Controller Memory Buffer Size.</summary>
    public const ulong CMBSZ = 0x3C;

    /// <summary>Controller Memory Buffer Memory Space Control, 64 bits.</summary>
    public const ulong CMBMSC = 0x50;

    /// <summary>Controller Memory Buffer Status.</summary>
    public const ulong CMBSTS = 0x58;

    /// <summary>Controller Ready Timeouts.</summary>
    public const ulong CRTO = 0x68;

    /// <summary>The first doorbell; with CAP.DSTRD = 0, one each 4 bytes: SQ 0 tail, CQ 0 head, SQ 1 tail, ...</summary>
    public const ulong Doorbells = 0x1000;

    /// <summary>The offset of a submission queue's tail doorbell with CAP.DSTRD = 0 (section 3.1.2.1 of the PCIe Transport Specification).</summary>
    public static ulong SubmissionTail(int queue) => Doorbells + (8 * (ulong)queue);

    /// <summary>The offset of a completion queue's head doorbell with CAP.DSTRD = 0.</summary>
    public static ulong CompletionHead(int queue) => Doorbells + (8 * (ulong)queue) + 4;
}
