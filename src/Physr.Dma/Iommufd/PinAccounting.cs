// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>Whose limit pinned pages count against (row R75, <c>IOPT_PAGES_ACCOUNT_*</c>).</summary>
public enum PinAccounting
{
    /// <summary>Nobody's: the process is exempt from limits.</summary>
    None,

    /// <summary>The user's, over all processes.</summary>
    User,

    /// <summary>The process's own locked memory (<c>VmLck</c>).</summary>
    Process,
}
