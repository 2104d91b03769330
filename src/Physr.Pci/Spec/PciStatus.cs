// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Bits of the status register (PCI 3.0, 6.2.3).</summary>
[Flags]
public enum PciStatus : ushort
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>INTx is pending.</summary>
    InterruptStatus = 1 << 3,

    /// <summary>A list of standard capabilities starts at the capability pointer.</summary>
    CapabilityList = 1 << 4,

    /// <summary>The function, as a master, had its cycle ended by a target abort.</summary>
    ReceivedTargetAbort = 1 << 12,

    /// <summary>The function, as a master, had its cycle answered by nobody.</summary>
    ReceivedMasterAbort = 1 << 13,
}
