// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;

namespace Physr.Interleaving.Tests;

/// <summary>Reads and writes in two steps: one preemption loses an increment.</summary>
internal sealed class RacyCounter
{
    public int Value { get; private set; }

    public void Increment()
    {
        SchedulePoint.Reach("read");
        int read = Value;
        SchedulePoint.Reach("write");
        Value = read + 1;
    }
}
