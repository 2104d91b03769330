// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>When anonymous memory is backed by 2 MiB pages.</summary>
public enum HugePagePolicy
{
    /// <summary>Never.</summary>
    Never = 0,

    /// <summary>Where <c>MADV_HUGEPAGE</c> asked for it.</summary>
    Madvise,

    /// <summary>Wherever an aligned 2 MiB of an area allow it.</summary>
    Always,
}
