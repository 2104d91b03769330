// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>What a resource is for, beyond its flags: the kernel's <c>IORES_DESC_*</c> (values are Linux's, section 1.3).</summary>
public enum ResourceDescriptor
{
    /// <summary>Nothing special; in a query it matches every resource.</summary>
    None = 0,

    /// <summary>Kept for a crash kernel.</summary>
    CrashKernel = 1,

    /// <summary>ACPI tables.</summary>
    AcpiTables = 2,

    /// <summary>ACPI non-volatile storage.</summary>
    AcpiNonVolatile = 3,

    /// <summary>Persistent memory.</summary>
    PersistentMemory = 4,

    /// <summary>Persistent memory told by an old firmware map.</summary>
    PersistentMemoryLegacy = 5,

    /// <summary>A range that nothing decodes: the kernel's way of numbering device-private memory (rows R14d, R16).</summary>
    DevicePrivateMemory = 6,

    /// <summary>Reserved by firmware.</summary>
    Reserved = 7,

    /// <summary>Reserved by firmware for a purpose that software may overrule.</summary>
    SoftReserved = 8,

    /// <summary>A CXL window.</summary>
    Cxl = 9,
}
