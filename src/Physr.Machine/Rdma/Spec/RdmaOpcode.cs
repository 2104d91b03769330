// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Spec;

/// <summary>What a work request asks for, and what a completion completes.</summary>
public enum RdmaOpcode : byte
{
    /// <summary>Not an operation; completes with <see cref="RdmaCompletionStatus.LocalQueuePairOperationError"/>.</summary>
    Invalid = 0,

    /// <summary>Sends a small message into the other end's next receive buffer.</summary>
    Send = 1,

    /// <summary>Writes local memory into the other end's memory.</summary>
    RdmaWrite = 2,

    /// <summary>Reads the other end's memory into local memory.</summary>
    RdmaRead = 3,

    /// <summary>On the receive queue: a buffer for one message.</summary>
    Receive = 4,
}
