// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>The CC property (NVMe Base Specification 2.0, section 3.1.3.5).</summary>
/// <param name="Value">The raw 32 bits.</param>
public readonly record struct ControllerConfiguration(uint Value)
{
    /// <summary>EN.</summary>
    public bool IsEnabled => (Value & 1) != 0;

    /// <summary>CSS: the command set; 0 is NVM.</summary>
    public int CommandSet => (int)(Value >> 4 & 7);

    /// <summary>MPS: log2 of the host page.</summary>
    public int PageShift => 12 + (int)(Value >> 7 & 0xF);

    /// <summary>AMS: the arbitration; 0 is round robin.</summary>
    public int Arbitration => (int)(Value >> 11 & 7);

    /// <summary>SHN: 0 none, 1 normal, 2 abrupt shutdown.</summary>
    public int ShutdownNotification => (int)(Value >> 14 & 3);

    /// <summary>IOSQES: log2 of the bytes in an I/O submission entry; 6.</summary>
    public int SubmissionEntryShift => (int)(Value >> 16 & 0xF);

    /// <summary>IOCQES: log2 of the bytes in an I/O completion entry; 4.</summary>
    public int CompletionEntryShift => (int)(Value >> 20 & 0xF);

    /// <summary>What a driver writes to start: enabled, NVM command set, round robin, standard entries, 4 KiB pages.</summary>
    public static ControllerConfiguration Standard => new(1 | 6u << 16 | 4u << 20);

    /// <summary>The same with another SHN.</summary>
    public ControllerConfiguration WithShutdown(int notification) => new((Value & ~(3u << 14)) | (uint)notification << 14);
}
