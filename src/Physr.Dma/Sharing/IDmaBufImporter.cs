// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing;

/// <summary>Who uses somebody else's buffer: a driver that maps it for its device, or an I/O address space (the kernel's <c>dma_buf_attach_ops</c>).</summary>
public interface IDmaBufImporter
{
    /// <summary>Whether it copes with memory that is a peer's and has no page descriptors (<c>allow_peer2peer</c>).</summary>
    bool AllowsPeerToPeer { get; }

    /// <summary>Whether it gives mappings up when it is told to: without that nothing that can be revoked is given to it (row R69e).</summary>
    bool CanInvalidateMappings { get; }

    /// <summary>Told that the mappings of an attachment are to go, or, <see cref="DmaBuf.IsRevoked"/> being false, that they may be made again
    /// (<c>invalidate_mappings</c>). Called with the reservation lock held, which it may not give back.</summary>
    /// <remarks>It starts no new transfer. It unmaps here and now, or soon on another thread under the reservation lock; whoever revokes waits for that. It may take locks
    /// of its own, and must then nowhere take the reservation lock while holding them. It may neither detach, nor revoke, nor throw: what it throws comes out of the
    /// revoke once that is done.</remarks>
    /// <param name="attachment">Whose mappings.</param>
    void InvalidateMappings(DmaBufAttachment attachment);
}
