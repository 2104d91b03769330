// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Spec;

namespace Physr.Pci.Config;

public sealed partial class ConfigSpaceBuilder
{
    /// <summary>Adds the PCI Express capability, and with it extended configuration space.</summary>
    /// <param name="type">What the function is.</param>
    /// <param name="generation">Fastest and current link generation, 1 to 6.</param>
    /// <param name="lanes">Widest and current link, 1 to 32 lanes.</param>
    /// <param name="slot">Physical slot number for a port with a slot.</param>
    public ConfigSpaceBuilder Express(PciePortType type, int generation, int lanes, int? slot = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(generation, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(generation, 6);
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lanes, 32);
        _express = true;
        int at = AddStandard(CapabilityId.PciExpress, PcieCapability.Length);
        int capabilities = 2 | ((int)type << 4) | (slot is null ? 0 : PcieCapability.SlotImplemented);
        Put(at + PcieCapability.Capabilities, (ushort)capabilities);
        uint link = (uint)(generation | (lanes << 4));
        Put32(at + PcieCapability.LinkCapabilities, link);
        Put(at + PcieCapability.LinkStatus, (ushort)link);
        Put32(at + PcieCapability.LinkCapabilities2, ((1u << generation) - 1) << 1);
        Put(at + PcieCapability.LinkControl2, (ushort)generation);
        Put32(at + PcieCapability.SlotCapabilities, (uint)(slot ?? 0) << 19);
        Allow(at + PcieCapability.DeviceControl, 0x7fff);
        Allow(at + PcieCapability.LinkControl, 0x01fb);
        Allow(at + PcieCapability.LinkControl2, 0x000f);
        return this;
    }

    /// <summary>Adds the power management capability; the host may write the power state.</summary>
    public ConfigSpaceBuilder PowerManagement()
    {
        int at = AddStandard(CapabilityId.PowerManagement, PowerManagementCapability.Length);
        Put(at + PowerManagementCapability.Capabilities, 3);
        Put(at + PowerManagementCapability.Control, 1 << 3);
        Allow(at + PowerManagementCapability.Control, 0x0103);
        return this;
    }

    /// <summary>Adds the MSI-X capability.</summary>
    /// <param name="vectors">1 to 2048.</param>
    /// <param name="tableBar">The BAR that holds the table, 16 bytes per vector.</param>
    /// <param name="tableOffset">Offset of the table, a multiple of 8 bytes.</param>
    /// <param name="pendingBar">The BAR that holds the pending bits, one per vector.</param>
    /// <param name="pendingOffset">Offset of the pending bits, a multiple of 8 bytes.</param>
    public ConfigSpaceBuilder MsiX(int vectors, int tableBar, uint tableOffset, int pendingBar, uint pendingOffset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(vectors, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vectors, MsiXCapability.MaxVectors);
        if (((tableOffset | pendingOffset) & 7) != 0 || tableBar is < 0 or > 5 || pendingBar is < 0 or > 5)
        {
            throw new ArgumentException("MSI-X tables lie in BAR 0 to 5 at multiples of 8 bytes.", nameof(tableOffset));
        }

        int at = AddStandard(CapabilityId.MsiX, MsiXCapability.Length);
        Put(at + MsiXCapability.Control, (ushort)(vectors - 1));
        Allow(at + MsiXCapability.Control, MsiXCapability.Enable | MsiXCapability.MaskAll);
        Put32(at + MsiXCapability.Table, tableOffset | (uint)tableBar);
        Put32(at + MsiXCapability.PendingBits, pendingOffset | (uint)pendingBar);
        return this;
    }

    /// <summary>Adds access control services. Needs <see cref="Express"/> first.</summary>
    /// <param name="capabilities">The bits the function can enforce; only these can be written.</param>
    /// <param name="control">The bits in force at the start.</param>
    public ConfigSpaceBuilder Acs(AcsControl capabilities, AcsControl control = AcsControl.None)
    {
        if ((control & ~capabilities) != AcsControl.None)
        {
            throw new ArgumentException($"ACS control {AcsCapability.Describe(control)} is not among the capabilities {AcsCapability.Describe(capabilities)}.", nameof(control));
        }

        int at = AddExtended(ExtendedCapabilityId.AccessControlServices, AcsCapability.Length);
        Put(at + AcsCapability.Capabilities, (ushort)capabilities);
        Put(at + AcsCapability.Control, (ushort)control);
        Allow(at + AcsCapability.Control, (ushort)capabilities);
        return this;
    }

    private int AddStandard(CapabilityId id, int length)
    {
        int at = _nextStandard;
        if (at + length > ConfigRegister.ConventionalLength)
        {
            throw new InvalidOperationException($"No room for capability {id}: 192 bytes hold all standard capabilities.");
        }

        _bytes[_lastStandardPointer] = (byte)at;
        _bytes[at] = (byte)id;
        _lastStandardPointer = at + 1;
        _nextStandard = (at + length + 3) & ~3;
        _bytes[ConfigRegister.Status] |= (byte)PciStatus.CapabilityList;
        return at;
    }

    private int AddExtended(ExtendedCapabilityId id, int length)
    {
        if (!_express)
        {
            throw new InvalidOperationException($"Extended capability {id} needs the PCI Express capability first.");
        }

        int at = _nextExtended;
        Put32(at, (uint)id | (1u << 16));
        if (_lastExtended != 0)
        {
            Put32(_lastExtended, (System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(_lastExtended)) & 0xf_ffff) | ((uint)at << 20));
        }

        _lastExtended = at;
        _nextExtended = (at + length + 3) & ~3;
        return at;
    }
}
