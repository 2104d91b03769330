// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm.Tests;

/// <summary>A mirror of nothing, that counts how often it is asked.</summary>
internal sealed class CountingNotifier(AddressSpace space, AddressRange<VirtualAddress> range) : IntervalNotifier(space, range)
{
    public int Calls { get; private set; }

    /// <summary>What it answers; null throws.</summary>
    public bool? Answer { get; set; } = true;

    protected override bool Invalidate(in NotifierRange range)
    {
        Calls++;
        return Answer ?? throw new InvalidOperationException("the device is on fire");
    }
}
