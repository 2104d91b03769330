// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm;

/// <summary>What a <see cref="PageEntryKind.Marker"/> remembers (the kernel's <c>PTE_MARKER_*</c>).</summary>
[Flags]
public enum PageMarkers
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The page was poisoned before it was ever there: a touch is answered by SIGBUS.</summary>
    Poisoned = 2,

    /// <summary>A guard: a touch is answered by SIGSEGV (<c>MADV_GUARD_INSTALL</c>).</summary>
    Guard = 4,
}
