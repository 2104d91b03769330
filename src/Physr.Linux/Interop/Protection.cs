// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What may be done with mapped pages (<c>sys/mman.h</c>).</summary>
[Flags]
internal enum Protection
{
    /// <summary>Nothing.</summary>
    PROT_NONE = 0,

    /// <summary>Loads.</summary>
    PROT_READ = 1,

    /// <summary>Stores.</summary>
    PROT_WRITE = 2,
}
