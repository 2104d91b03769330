// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Simulation;

/// <summary>Something that acts when its time comes.</summary>
public interface ISimulated
{
    /// <summary>Called by the scheduler at the time that was asked for.</summary>
    /// <param name="kind">What the event means to the receiver; the scheduler does not look at it.</param>
    /// <param name="argument">A number that came with it.</param>
    void OnEvent(int kind, ulong argument);
}
