// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm;

/// <summary>The flags of a <see cref="MigrateFrame"/>, by the kernel's bits (<c>MIGRATE_PFN_*</c>, section 1.4).</summary>
[Flags]
public enum MigrateFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>There is a page.</summary>
    Valid = 1,

    /// <summary>It can move, or did; of a source without a page: the driver fills the new page with zeros.</summary>
    Migrate = 2,

    /// <summary>The process may write it.</summary>
    Write = 8,

    /// <summary>It heads a page of 2 MiB.</summary>
    Compound = 16,

    /// <summary>All of them.</summary>
    All = Valid | Migrate | Write | Compound,
}
