// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Nvme.Spec;

/// <summary>The CSTS property (NVMe Base Specification 2.0, section 3.1.3.6).</summary>
/// <param name="Value">The raw 32 bits.</param>
public readonly record struct ControllerStatus(uint Value)
{
    /// <summary>The bit of RDY.</summary>
    public const uint ReadyBit = 1;

    /// <summary>The bit of CFS.</summary>
    public const uint FatalBit = 2;

    /// <summary>RDY: commands are processed.</summary>
    public bool IsReady => (Value & ReadyBit) != 0;

    /// <summary>CFS: the controller gave up; only a reset helps.</summary>
    public bool IsFatal => (Value & FatalBit) != 0;

    /// <summary>SHST: 0 normal operation, 1 shutting down, 2 shut down.</summary>
    public int ShutdownStatus => (int)(Value >> 2 & 3);

    /// <summary>All ones: nothing answered the read, the device is gone.</summary>
    public bool IsGone => Value == uint.MaxValue;
}
