// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>One atomic step of the revocation protocol. Between two steps of one thread anything may happen on another.</summary>
public enum RevocableStep
{
    /// <summary>The program is over.</summary>
    Done = 0,

    /// <summary>Takes the device's control lock (the kernel's memory lock, held for writing). Waits.</summary>
    TakeControl,

    /// <summary>Gives the control lock back, if this operation holds it.</summary>
    GiveControl,

    /// <summary>Takes the buffer's reservation lock. Waits.</summary>
    TakeReservation,

    /// <summary>Gives the reservation lock back, if this operation holds it.</summary>
    GiveReservation,

    /// <summary>Leaves with <see cref="Errno.ENODEV"/> unless the buffer may be mapped.</summary>
    RefuseUnlessUsable,

    /// <summary>Leaves where the buffer is revoked already and nothing is mapped.</summary>
    LeaveIfRevoked,

    /// <summary>Leaves unless the buffer is revoked: with <see cref="Errno.ENODEV"/> once closed, with <see cref="Errno.EBUSY"/> where a revoke was given up half-way.</summary>
    LeaveUnlessRevoked,

    /// <summary>Leaves where the buffer is closed already and nothing is mapped.</summary>
    LeaveIfClosed,

    /// <summary>Lets nobody map from here on.</summary>
    ForbidMapping,

    /// <summary>Lets importers map from here on.</summary>
    AllowMapping,

    /// <summary>Notes that it is for good.</summary>
    MarkClosed,

    /// <summary>Calls one importer; repeated until each was called.</summary>
    TellImporters,

    /// <summary>Waits until every fence of the reservation is signalled: transfers in flight are over.</summary>
    AwaitFences,

    /// <summary>Waits until no mapping is left.</summary>
    AwaitDrain,

    /// <summary>Makes IOMMUs forget what was unmapped but, flushing lazily, they may still remember.</summary>
    FlushStale,

    /// <summary>Notes that nothing is mapped: the promise holds from here on.</summary>
    Settle,

    /// <summary>Makes the addresses: from here on the device reaches the bytes.</summary>
    Establish,

    /// <summary>Takes the addresses away.</summary>
    DropTranslation,

    /// <summary>Counts a mapping.</summary>
    CountMapping,

    /// <summary>Uncounts a mapping; whoever waits for the last one looks again.</summary>
    UncountMapping,

    /// <summary>An importer's own: it attaches, under the reservation lock.</summary>
    Attach,

    /// <summary>An importer's own: it detaches, under the reservation lock.</summary>
    Detach,

    /// <summary>An importer's own: it starts a transfer and adds its fence to the reservation, whose lock it holds.</summary>
    AddFence,

    /// <summary>A device's own: the transfer is over. Needs no lock, and must not.</summary>
    SignalFence,
}
