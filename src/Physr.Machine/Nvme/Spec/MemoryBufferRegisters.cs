// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Numerics;

namespace Physr.Machine.Nvme.Spec;

/// <summary>The fields of CMBLOC, CMBSZ, CMBMSC and CMBSTS (NVMe Base Specification 2.0, sections 3.1.3.11 to 3.1.3.17).</summary>
public static class MemoryBufferRegisters
{
    /// <summary>CMBMSC.CRE: CMBLOC and CMBSZ tell.</summary>
    public const ulong CapabilitiesEnabled = 1;

    /// <summary>CMBMSC.CMSE: the controller answers to its buffer at CMBMSC.CBA.</summary>
    public const ulong MemorySpaceEnabled = 2;

    /// <summary>CMBMSC.CBA, bits 63 to 12: where the controller finds its buffer in the addresses that commands carry.</summary>
    public const ulong BaseAddressMask = ~0xFFFUL;

    /// <summary>CMBSTS.CBAI: CBA plus the size leaves the address space.</summary>
    public const uint BaseAddressInvalid = 1;

    /// <summary>CMBSZ.SQS, CQS, LISTS, RDS and WDS: queues, lists, and data both ways may lie in the buffer.</summary>
    public const uint SupportsAll = 0x1F;

    /// <summary>CMBSZ.RDS: data of reads may go to the buffer.</summary>
    public const uint SupportsReadData = 1 << 3;

    /// <summary>CMBSZ.WDS: data of writes may come from the buffer.</summary>
    public const uint SupportsWriteData = 1 << 4;

    // CQMMS, CQPDS, CDPMLS, CDPCILS, CDMMMS, CQDA: queues, lists and data may be mixed and unaligned within the buffer.
    private const uint LocationFreedoms = 0x1F8;

    /// <summary>CMBLOC of a buffer at the start of a BAR.</summary>
    public static uint Location(int bar) => (uint)bar | LocationFreedoms;

    /// <summary>The BAR in CMBLOC.</summary>
    public static int Bar(uint location) => (int)(location & 7);

    /// <summary>CMBSZ of a buffer of a size in bytes, a power of two and at least 4 KiB: the smallest unit (4 KiB times 16^n) whose count fits in 20 bits.</summary>
    public static uint Size(ulong bytes)
    {
        uint unit = 0;
        while (bytes >> (12 + (4 * (int)unit)) >= 1u << 20)
        {
            unit++;
        }

        return (uint)(bytes >> (12 + (4 * (int)unit))) << 12 | unit << 8 | SupportsAll;
    }

    /// <summary>The bytes in CMBSZ.</summary>
    public static ulong Bytes(uint size) => (ulong)(size >> 12) << (12 + (4 * (int)(size >> 8 & 0xF)));

    /// <summary>The offset in its BAR of the buffer in bytes: CMBLOC.OFST counts the units of CMBSZ.</summary>
    public static ulong Offset(uint location, uint size) => (ulong)(location >> 12) << (12 + (4 * (int)(size >> 8 & 0xF)));

    /// <summary>Whether a size can be told in CMBSZ and be a BAR.</summary>
    public static bool IsValidSize(ulong bytes) => bytes >= 4096 && BitOperations.IsPow2(bytes);
}
