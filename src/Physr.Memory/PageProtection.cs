// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>How the CPU's mapping of a pagemap differs from RAM's (the kernel's <c>pgprot</c>, row R10b).</summary>
[Flags]
public enum PageProtection
{
    /// <summary>Cached and as encrypted as RAM.</summary>
    Normal = 0,

    /// <summary>Mapped without the memory-encryption bit.</summary>
    Decrypted = 1,

    /// <summary>Mapped uncached.</summary>
    Uncached = 2,
}
