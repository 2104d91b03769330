// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Spec;

/// <summary>Registers of the power management capability, relative to its start (PCI Power Management 1.2, section 3.2).</summary>
public static class PowerManagementCapability
{
    /// <summary>Capabilities, 16 bits; bits 2:0 are the version.</summary>
    public const int Capabilities = 0x02;

    /// <summary>Control and status, 16 bits; bits 1:0 are the power state D0 to D3hot.</summary>
    public const int Control = 0x04;

    /// <summary>Length in bytes.</summary>
    public const int Length = 8;
}
