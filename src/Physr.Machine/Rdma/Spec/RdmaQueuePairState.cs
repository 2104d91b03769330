// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Spec;

/// <summary>States of a queue pair (InfiniBand, section 10.3.1; the steps between RESET and RTS are one here).</summary>
public enum RdmaQueuePairState
{
    /// <summary>Not connected: receives may be posted, sends wait.</summary>
    Init = 0,

    /// <summary>Works (RTS).</summary>
    ReadyToSend = 1,

    /// <summary>Failed: everything posted is flushed.</summary>
    Error = 2,
}
