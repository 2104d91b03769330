// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>Where a byte of an array lies.</summary>
/// <param name="Member">The role of the member, from 0.</param>
/// <param name="Offset">Bytes from the start of the member's data.</param>
/// <param name="Length">Bytes of the array that follow each other there from this one on.</param>
public readonly record struct RaidLocation(int Member, ulong Offset, ulong Length);
