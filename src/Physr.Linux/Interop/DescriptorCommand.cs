// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What <c>fcntl</c> does with a descriptor (<c>fcntl.h</c>).</summary>
internal enum DescriptorCommand
{
    /// <summary>Tell how it was opened.</summary>
    F_GETFL = 3,

    /// <summary>Change that.</summary>
    F_SETFL = 4,

    /// <summary>One more, with a number from the argument on; programs that this process starts do not get it.</summary>
    F_DUPFD_CLOEXEC = 1030,

    /// <summary>Forbid something for ever.</summary>
    F_ADD_SEALS = 1033,

    /// <summary>Tell what is forbidden for ever.</summary>
    F_GET_SEALS = 1034,
}
