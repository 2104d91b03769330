// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Memory;

/// <summary>Fails one allocation, the Nth it is asked about (the kernel's <c>fail_nth</c>, row R91). Safe for concurrent use.</summary>
/// <param name="nth">Which one fails, from 1; 0 fails none.</param>
public sealed class FailNthGate(long nth) : IAllocationGate
{
    private long _asked;

    /// <summary>How many allocations it was asked about.</summary>
    public long Asked => Volatile.Read(ref _asked);

    /// <summary>Where it failed one; null when it has not.</summary>
    public string? FailedAt { get; private set; }

    /// <inheritdoc/>
    public bool TryPass(string site)
    {
        if (Interlocked.Increment(ref _asked) != nth)
        {
            return true;
        }

        FailedAt = site;
        return false;
    }
}
