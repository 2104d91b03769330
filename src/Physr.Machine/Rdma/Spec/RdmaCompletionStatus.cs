// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Spec;

/// <summary>How a work request ended. Names and numbers are <c>enum ibv_wc_status</c>'s, but for the last, which verbs folds into others.</summary>
public enum RdmaCompletionStatus : byte
{
    /// <summary>Done; the bytes are where they belong.</summary>
    Success = 0,

    /// <summary>A message is longer than its receive buffer, or than the device can send (<c>LOC_LEN_ERR</c>).</summary>
    LocalLengthError = 1,

    /// <summary>The work request itself is malformed (<c>LOC_QP_OP_ERR</c>).</summary>
    LocalQueuePairOperationError = 2,

    /// <summary>The local key is unknown, stale or of another domain, or does not allow the bytes (<c>LOC_PROT_ERR</c>).</summary>
    LocalProtectionError = 4,

    /// <summary>The queue pair was in error: this request was not tried, or its outcome is unknown (<c>WR_FLUSH_ERR</c>).</summary>
    Flushed = 5,

    /// <summary>The other end's receive buffer was too short (<c>REM_INV_REQ_ERR</c>).</summary>
    RemoteInvalidRequest = 9,

    /// <summary>The remote key is unknown, stale or of another domain, or does not allow the bytes (<c>REM_ACCESS_ERR</c>).</summary>
    RemoteAccessError = 10,

    /// <summary>The other end could not do it: its memory failed (<c>REM_OP_ERR</c>).</summary>
    RemoteOperationError = 11,

    /// <summary>The other end did not answer (<c>RETRY_EXC_ERR</c>).</summary>
    RetryExceeded = 12,

    /// <summary>The other end had no receive buffer for too long (<c>RNR_RETRY_EXC_ERR</c>).</summary>
    ReceiverNotReadyRetryExceeded = 13,

    /// <summary>A bus transaction failed; the completion's vendor error is the <see cref="Bus.BusStatus"/>.</summary>
    LocalBusError = 0x40,
}
