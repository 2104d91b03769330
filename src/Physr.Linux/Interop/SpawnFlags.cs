// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Interop;

/// <summary>What is done to a child before its program starts (<c>spawn.h</c>).</summary>
[Flags]
internal enum SpawnFlags : short
{
    /// <summary>Signals do what they do by default.</summary>
    POSIX_SPAWN_SETSIGDEF = 4,

    /// <summary>Signals are held back, or not.</summary>
    POSIX_SPAWN_SETSIGMASK = 8,
}
