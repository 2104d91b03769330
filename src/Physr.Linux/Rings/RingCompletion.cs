// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Linux.Rings;

/// <summary>How one call ended that went through an <see cref="IoRing"/>.</summary>
/// <param name="Token">The call's.</param>
/// <param name="Result">Bytes that were moved, perhaps fewer than asked for; or the error's number, less than 0.</param>
public readonly record struct RingCompletion(ulong Token, int Result)
{
    /// <summary>The error; <see cref="Errno.None"/> where there was none.</summary>
    public Errno Errno => Result < 0 ? (Errno)(-Result) : Errno.None;
}
