// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <summary>Which faults of a range are asked for.</summary>
[Flags]
public enum FaultModes : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Touches of pages that are nowhere: neither mapped nor in the page cache.</summary>
    Missing = UffdRegisterMode.UFFDIO_REGISTER_MODE_MISSING,

    /// <summary>Stores to pages that were protected (<see cref="Userfaultfd.WriteProtect"/>).</summary>
    WriteProtect = UffdRegisterMode.UFFDIO_REGISTER_MODE_WP,

    /// <summary>Touches of pages that the page cache has and this mapping has not. Shared memory and hugetlbfs alone.</summary>
    Minor = UffdRegisterMode.UFFDIO_REGISTER_MODE_MINOR,
}
