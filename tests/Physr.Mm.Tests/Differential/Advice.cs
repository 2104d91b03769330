// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>The <c>MADV_*</c> numbers in use.</summary>
internal enum Advice
{
    MADV_DONTNEED = 4,
    MADV_FREE = 8,
    MADV_DONTFORK = 10,
    MADV_DOFORK = 11,
    MADV_WIPEONFORK = 18,
    MADV_KEEPONFORK = 19,
    MADV_POPULATE_READ = 22,
    MADV_POPULATE_WRITE = 23,
    MADV_GUARD_INSTALL = 102,
    MADV_GUARD_REMOVE = 103,
    Unknown = 999,
}
