// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm;

/// <summary>Which pages a migration takes (<c>MIGRATE_VMA_SELECT_*</c>, row R36).</summary>
[Flags]
public enum MigrateSelect
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Pages of RAM, and places without a page.</summary>
    System = 1,

    /// <summary>Pages in device-private memory of the owner's.</summary>
    DevicePrivate = 2,

    /// <summary>Pages in device-coherent memory of the owner's.</summary>
    DeviceCoherent = 4,

    /// <summary>Pages of 2 MiB whole; without it they are broken first.</summary>
    Compound = 8,
}
