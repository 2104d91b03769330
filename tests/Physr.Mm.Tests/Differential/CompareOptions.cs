// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>What the comparison leaves out, or adds. None is the strictest that is the same from run to run and worth having.</summary>
[Flags]
internal enum CompareOptions
{
    None = 0,

    /// <summary>VMAs that differ only in where neighbours were merged are equal.</summary>
    IgnoreMerging = 1,

    IgnoreVmFlags = 2,

    /// <summary>Leaves out the smaps fields, but for Size.</summary>
    IgnoreSmaps = 4,

    /// <summary>Compares Referenced, which says what the hardware marked: the observation's own loads do so too.</summary>
    CompareReferenced = 8,
}
