// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How far <c>msync</c> goes (<c>sys/mman.h</c>).</summary>
internal enum SyncFlags
{
    /// <summary>It returns when the pages are on the medium.</summary>
    MS_SYNC = 4,
}
