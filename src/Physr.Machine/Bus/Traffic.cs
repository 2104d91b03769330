// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Bus;

/// <summary>Why bytes cross the fabric; the two kinds are counted apart.</summary>
public enum Traffic
{
    /// <summary>The user's data.</summary>
    Payload = 0,

    /// <summary>Queue entries, doorbells, PRP and SGL lists, registers, interrupts.</summary>
    Control = 1,
}
