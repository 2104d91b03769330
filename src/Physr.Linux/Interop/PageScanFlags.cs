// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What else a scan does (<c>linux/fs.h</c>).</summary>
[Flags]
internal enum PageScanFlags : ulong
{
    /// <summary>What it finds is protected from stores at once.</summary>
    PM_SCAN_WP_MATCHING = 1,

    /// <summary>It fails where that cannot be.</summary>
    PM_SCAN_CHECK_WPASYNC = 2,
}
