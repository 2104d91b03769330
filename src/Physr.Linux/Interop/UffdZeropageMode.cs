// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>How zeros are put in pages (<c>linux/userfaultfd.h</c>).</summary>
[Flags]
internal enum UffdZeropageMode : ulong
{
    /// <summary>Nobody is woken.</summary>
    UFFDIO_ZEROPAGE_MODE_DONTWAKE = 1,
}
