// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Pci.Spec;

namespace Physr.Pci.Config;

public partial class ConfigSpace
{
    /// <summary>How many standard capabilities are followed before a list is called a loop: all that fit in 192 bytes.</summary>
    private const int StandardLimit = 48;

    /// <summary>How many extended capabilities are followed: all that fit in 3840 bytes.</summary>
    private const int ExtendedLimit = (ConfigRegister.ExtendedLength - ConfigRegister.ConventionalLength) / 8;

    /// <summary>No capability's id, to walk a list to its end.</summary>
    private const int NoCapability = -1;

    /// <summary>Whether the list of standard capabilities leads back into itself.</summary>
    public bool HasStandardLoop
    {
        get
        {
            _ = WalkStandard(NoCapability, out _, out bool loops);
            return loops;
        }
    }

    /// <summary>Whether the list of extended capabilities leads back into itself.</summary>
    public bool HasExtendedLoop
    {
        get
        {
            _ = WalkExtended(NoCapability, out _, out bool loops);
            return loops && !IsUnanswered;
        }
    }

    /// <summary>Finds a standard capability. Loops, odd pointers and pointers into the header end the walk.</summary>
    /// <param name="id">Which.</param>
    /// <param name="offset">Where it starts, in bytes; 0 unless found.</param>
    public CapabilityLookup FindStandard(CapabilityId id, out int offset) => WalkStandard((byte)id, out offset, out _);

    /// <summary>Finds an extended capability (the first of its id), as the kernel does: from offset 0x100 along the next pointers.</summary>
    /// <param name="id">Which.</param>
    /// <param name="offset">Where it starts, in bytes; 0 unless found.</param>
    /// <returns><see cref="CapabilityLookup.Unknown"/> when the list leaves the bytes that were read.</returns>
    public CapabilityLookup FindExtended(ExtendedCapabilityId id, out int offset) => WalkExtended((ushort)id, out offset, out _);

    /// <summary>Reads the ACS control register.</summary>
    /// <param name="offset">Where the ACS capability starts; 0 where the function has none.</param>
    /// <param name="control">The bits in force; none where the function has no ACS.</param>
    /// <returns><see cref="CapabilityLookup.Unknown"/> when the capability list or the register lies in bytes that were not read.</returns>
    public CapabilityLookup FindAcs(out int offset, out AcsControl control)
    {
        control = AcsControl.None;
        CapabilityLookup lookup = FindExtended(ExtendedCapabilityId.AccessControlServices, out offset);
        if (lookup != CapabilityLookup.Found)
        {
            return IsUnanswered ? CapabilityLookup.Unknown : lookup;
        }

        if (!Has(offset + AcsCapability.Control, 2))
        {
            return CapabilityLookup.Unknown;
        }

        control = (AcsControl)ReadWord(offset + AcsCapability.Control);
        return CapabilityLookup.Found;
    }

    /// <summary>Reads what kind of PCI Express function this is.</summary>
    /// <returns><see cref="CapabilityLookup.Absent"/> for a conventional function.</returns>
    public CapabilityLookup FindPortType(out PciePortType type)
    {
        type = PciePortType.Endpoint;
        CapabilityLookup lookup = FindStandard(CapabilityId.PciExpress, out int offset);
        if (lookup != CapabilityLookup.Found)
        {
            return lookup;
        }

        if (!Has(offset + PcieCapability.Capabilities, 2))
        {
            return CapabilityLookup.Unknown;
        }

        type = (PciePortType)((ReadWord(offset + PcieCapability.Capabilities) >> 4) & 0xf);
        return CapabilityLookup.Found;
    }

    private CapabilityLookup WalkStandard(int id, out int offset, out bool loops)
    {
        offset = 0;
        loops = false;
        if (!Has(ConfigRegister.Status, 2))
        {
            return CapabilityLookup.Unknown;
        }

        if (IsUnanswered)
        {
            return CapabilityLookup.Unknown;
        }

        if (((PciStatus)ReadWord(ConfigRegister.Status) & PciStatus.CapabilityList) == PciStatus.None)
        {
            return CapabilityLookup.Absent;
        }

        bool cardBus = (ReadByte(ConfigRegister.HeaderType) & 0x7f) == (int)PciHeaderType.CardBus;
        int pointer = cardBus ? ConfigRegister.CardBusCapabilityPointer : ConfigRegister.CapabilityPointer;
        for (int i = 0; i < StandardLimit; i++)
        {
            if (!Has(pointer, 1))
            {
                return CapabilityLookup.Unknown;
            }

            int at = ReadByte(pointer) & ~3;
            if (at < ConfigRegister.HeaderLength)
            {
                return CapabilityLookup.Absent;
            }

            if (!Has(at, 2))
            {
                return CapabilityLookup.Unknown;
            }

            byte found = ReadByte(at);
            if (found == byte.MaxValue)
            {
                return CapabilityLookup.Absent;
            }

            if (found == id)
            {
                offset = at;
                return CapabilityLookup.Found;
            }

            pointer = at + 1;
        }

        loops = true;
        return CapabilityLookup.Absent;
    }

    private CapabilityLookup WalkExtended(int id, out int offset, out bool loops)
    {
        offset = 0;
        loops = false;
        if (FullLength <= ConfigRegister.ConventionalLength)
        {
            return CapabilityLookup.Absent;
        }

        int at = ConfigRegister.ConventionalLength;
        for (int i = 0; i < ExtendedLimit; i++)
        {
            if (!Has(at, 4))
            {
                return CapabilityLookup.Unknown;
            }

            uint header = ReadDword(at);
            if (header == 0 && i == 0)
            {
                return CapabilityLookup.Absent;
            }

            if ((ushort)header == id)
            {
                offset = at;
                return CapabilityLookup.Found;
            }

            at = (int)(header >> 20) & 0xffc;
            if (at < ConfigRegister.ConventionalLength)
            {
                return CapabilityLookup.Absent;
            }
        }

        loops = true;
        return CapabilityLookup.Absent;
    }
}
