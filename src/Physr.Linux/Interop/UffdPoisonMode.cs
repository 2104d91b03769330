// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How pages are poisoned (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdPoisonMode : ulong
{
    /// <summary>Nobody is woken.</summary>
    UFFDIO_POISON_MODE_DONTWAKE = 1,
}
