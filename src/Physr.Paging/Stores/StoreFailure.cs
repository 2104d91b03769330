// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Stores;

/// <summary>A failure that a test wants of a store (<see cref="FailingStore"/>).</summary>
/// <param name="Call">Of which calls.</param>
/// <param name="First">The first that fails, from 1 on.</param>
/// <param name="Count">How many of them fail, one after the other.</param>
/// <param name="Errno">What they fail with; <see cref="Errno.None"/>: they succeed, after the delay.</param>
/// <param name="DelayMs">How long they take before that, in milliseconds; <see cref="ForEver"/>: they hang.</param>
internal sealed record StoreFailure(StoreCall Call, ulong First, ulong Count, Errno Errno, int DelayMs = 0)
{
    /// <summary>A delay that has no end.</summary>
    public const int ForEver = -1;
}
