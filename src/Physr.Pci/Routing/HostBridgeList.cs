// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Routing;

/// <summary>The kernel's list of host bridges that pass peer-to-peer traffic (<c>pci_p2pdma_whitelist</c>; row R51a), as data.</summary>
public static class HostBridgeList
{
    private const ushort Intel = 0x8086;
    private const ushort Google = 0x1ae0;
    private const ushort Nvidia = 0x10de;

    /// <summary>Rows that 6.12 has; when they came in is not recorded.</summary>
    private static readonly KernelRelease Early = KernelRelease.Oldest;

    /// <summary>Rows that 6.12 lacks and 7.3 has. Which release between them brought a row is not recorded: judged absent until 7.3.</summary>
    private static readonly KernelRelease Late = KernelRelease.Newest;

    /// <summary>The rows in the kernel's order; the first one that matches decides.</summary>
    public static IReadOnlyList<HostBridgeRow> Rows { get; } =
    [
        new(Intel, 0x3c00, true, Early, "Xeon E5 root port"),
        new(Intel, 0x3c01, true, Early, "Xeon E5 root port"),
        new(Intel, 0x2f00, true, Early, "Xeon E7 v3 root port"),
        new(Intel, 0x2f01, true, Early, "Xeon E7 v3 root port"),
        new(Intel, 0x2030, false, Early, "Skylake-E root port A"),
        new(Intel, 0x2031, false, Early, "Skylake-E root port B"),
        new(Intel, 0x2032, false, Early, "Skylake-E root port C"),
        new(Intel, 0x2033, false, Early, "Skylake-E root port D"),
        new(Intel, 0x2020, false, Early, "Skylake-E DMI"),
        new(Intel, 0x09a2, false, Early, "Ice Lake and later mesh"),
        new(Intel, 0x0b25, false, Late, "Data Streaming Accelerator, Sapphire Rapids"),
        new(Intel, 0x0cfe, false, Late, "Analytics Accelerator, Sapphire Rapids"),
        new(Intel, 0x11fb, false, Late, "Data Streaming Accelerator, Granite Rapids D"),
        new(Intel, 0x1212, false, Late, "Data Streaming Accelerator, Diamond Rapids"),
        new(Intel, 0x1216, false, Late, "Analytics Accelerator, Diamond Rapids"),
        new(Intel, 0x4940, false, Late, "QuickAssist 4xxx"),
        new(Intel, 0x4942, false, Late, "QuickAssist 401xx"),
        new(Intel, 0x4944, false, Late, "QuickAssist 402xx"),
        new(Intel, 0x4946, false, Late, "QuickAssist 420xx"),
        new(Intel, 0x4948, false, Late, "QuickAssist 6xxx"),
        new(Google, null, false, Late, "Google, any device"),
        new(Nvidia, 0x2f95, false, Late, "NVIDIA root complex"),
        new(Nvidia, 0x2f96, false, Late, "NVIDIA root complex"),
        new(Nvidia, 0x2f97, false, Late, "NVIDIA root complex"),
        new(Nvidia, 0x2f98, false, Late, "NVIDIA root complex"),
    ];

    /// <summary>The row that decides for a device in a release; null for none.</summary>
    /// <param name="vendorId">Vendor id of the host bridge's representative.</param>
    /// <param name="deviceId">Its device id.</param>
    /// <param name="release">The release; one older than 6.12 is judged as 6.12.</param>
    public static HostBridgeRow? Find(ushort vendorId, ushort deviceId, KernelRelease release)
    {
        KernelRelease judged = release.CompareTo(KernelRelease.Oldest) < 0 ? KernelRelease.Oldest : release;
        foreach (HostBridgeRow row in Rows)
        {
            if (row.VendorId == vendorId && (row.DeviceId is null || row.DeviceId == deviceId) && row.Since.CompareTo(judged) <= 0)
            {
                return row;
            }
        }

        return null;
    }
}
