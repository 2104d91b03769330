// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>What stands before each event read from a virtual event queue's file. Laid out as <c>struct iommufd_vevent_header</c> (section 1.8).</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct IommufdVeventHeader
{
    /// <summary>1 where events were lost: no event follows then.</summary>
    public uint Flags { get; set; }

    /// <summary>Counts events, lost ones too; below 2^31.</summary>
    public uint Sequence { get; set; }
}
