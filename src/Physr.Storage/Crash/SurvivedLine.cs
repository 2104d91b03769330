// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>What became of the stores to one line that were not durable when the power went.</summary>
/// <param name="Medium">The medium's place in <see cref="StoreTrace.Media"/>.</param>
/// <param name="Offset">The line's first byte.</param>
/// <param name="Survived">How many of the stores survived: the first ones.</param>
/// <param name="Pending">How many there were.</param>
public readonly record struct SurvivedLine(int Medium, ulong Offset, int Survived, int Pending)
{
    /// <summary>The line, and how much of it survived.</summary>
    public override string ToString() => $"{Medium}:{Offset:x} {Survived}/{Pending}";
}
