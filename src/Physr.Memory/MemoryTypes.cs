// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>The attributes of each <see cref="MemoryType"/>.</summary>
public static class MemoryTypes
{
    // Indexed by MemoryType.                     addressable coherent long-term linear caching                   per allocation
    private static readonly MemoryTypeAttributes[] Table =
    [
        default,
        /* DevicePrivate */                   new(false,      false,   false,    false, PageProtection.Normal,    true),
        /* DeviceCoherent */                  new(true,       true,    false,    true,  PageProtection.Normal,    true),
        /* FsDax */                           new(true,       true,    false,    true,  PageProtection.Decrypted, false),
        /* Generic */                         new(true,       true,    true,     true,  PageProtection.Normal,    false),
        /* PciP2P */                          new(true,       false,   false,    true,  PageProtection.Uncached,  false),
    ];

    /// <summary>Whether this is one of the five types.</summary>
    public static bool IsValid(this MemoryType type) => type is >= MemoryType.DevicePrivate and <= MemoryType.PciP2P;

    /// <summary>What the type promises; nothing at all for <see cref="MemoryType.Unset"/> and unknown values.</summary>
    public static MemoryTypeAttributes Attributes(this MemoryType type) => type.IsValid() ? Table[(int)type] : default;
}
