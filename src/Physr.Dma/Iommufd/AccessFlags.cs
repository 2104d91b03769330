// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>How an access reaches bytes (<c>enum iommufd_access_flags</c>).</summary>
[Flags]
public enum AccessFlags
{
    /// <summary>Read.</summary>
    Read = 0,

    /// <summary>Write.</summary>
    Write = 1 << 0,

    /// <summary>From outside the process: never by its virtual addresses.</summary>
    ForeignThread = 1 << 1,

    /// <summary>Page by page through pinned frames even where the process's own addresses would do; for tests.</summary>
    SlowPath = 1 << 2,
}
