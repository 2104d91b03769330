// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>A place where copies differ or parity does not fit its data.</summary>
/// <param name="Offset">The member offset in bytes for parity arrays (the row's), the array offset for mirrors.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Suspect">The role of the member that is wrong, where it can be told: a mirror's later copy that differs from the first, RAID-6's member that does not fit the others; -1
/// where it cannot.</param>
/// <param name="IsRepaired">Whether it was made to agree.</param>
public readonly record struct RaidMismatch(ulong Offset, ulong Length, int Suspect, bool IsRepaired);
