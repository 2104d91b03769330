// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How a userfaultfd is made (<c>linux/userfaultfd.h</c>), beside <see cref="OpenFlags"/>.</summary>
internal enum UffdFlags
{
    /// <summary>Faults of the kernel on this process's behalf are not told but fail: what an unprivileged process may have always.</summary>
    UFFD_USER_MODE_ONLY = 1,
}
