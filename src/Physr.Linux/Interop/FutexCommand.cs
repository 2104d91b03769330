// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is done with a futex (<c>linux/futex.h</c>), among all who map the word.</summary>
internal enum FutexCommand
{
    /// <summary>Sleep while it has that value.</summary>
    FUTEX_WAIT = 0,

    /// <summary>Wake who sleeps.</summary>
    FUTEX_WAKE = 1,
}
