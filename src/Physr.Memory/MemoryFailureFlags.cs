// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>What was going on when memory was lost (the kernel's <c>MF_*</c>; the values are ours).</summary>
[Flags]
public enum MemoryFailureFlags
{
    /// <summary>Nothing special: found in the background.</summary>
    None = 0,

    /// <summary>A running access needs the data now.</summary>
    ActionRequired = 1,

    /// <summary>Every mapper is to be killed.</summary>
    MustKill = 2,
}
