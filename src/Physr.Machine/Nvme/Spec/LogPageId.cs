// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>Log page identifiers (NVMe Base Specification 2.0, figure 202).</summary>
public enum LogPageId : byte
{
    /// <summary>Which log pages there are.</summary>
    SupportedLogPages = 0x00,

    /// <summary>Error Information.</summary>
    ErrorInformation = 0x01,

    /// <summary>SMART / Health Information.</summary>
    Smart = 0x02,

    /// <summary>Firmware Slot Information.</summary>
    FirmwareSlot = 0x03,
}
