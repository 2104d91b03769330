// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging;

/// <summary>How pages of a region come.</summary>
public enum RegionMode
{
    /// <summary>When they are touched, by userfaultfd; leases bring them in beforehand. Where the system has no userfaultfd for this user, a region cannot be made.</summary>
    Faults = 0,

    /// <summary>Through leases alone, in this process and without a pager. A touch without a lease is a SIGSEGV.</summary>
    Explicit = 1,

    /// <summary><see cref="Faults"/> where the system has it, or else <see cref="Explicit"/>; <see cref="DevicePrivateRegion.Mode"/> says which, <see cref="DevicePrivateRegion.ModeReason"/> why.</summary>
    Auto = 2,
}
