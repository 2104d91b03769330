// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>Where <c>mremap</c> may put pages (<c>sys/mman.h</c>).</summary>
[Flags]
internal enum RemapFlags
{
    /// <summary>Somewhere else, where they do not fit here.</summary>
    MREMAP_MAYMOVE = 1,

    /// <summary>There and nowhere else, in place of what is mapped there.</summary>
    MREMAP_FIXED = 2,
}
