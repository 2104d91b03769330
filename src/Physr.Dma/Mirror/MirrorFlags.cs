// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Mirror;

/// <summary>The flags of a <see cref="MirrorFrame"/>, by the kernel's bits (<c>HMM_PFN_*</c>, section 1.4).</summary>
[Flags]
public enum MirrorFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>A peer's memory, mapped by its bus address (<c>HMM_PFN_P2PDMA_BUS</c>).</summary>
    BusAddress = 1UL << 58,

    /// <summary>A peer's memory, mapped through the host bridge (<c>HMM_PFN_P2PDMA</c>).</summary>
    PeerToPeer = 1UL << 59,

    /// <summary>Mapped for the device (<c>HMM_PFN_DMA_MAPPED</c>).</summary>
    DmaMapped = 1UL << 60,

    /// <summary>The page cannot be had (<c>HMM_PFN_ERROR</c>).</summary>
    Error = 1UL << 61,

    /// <summary>The CPU may write it (<c>HMM_PFN_WRITE</c>).</summary>
    Write = 1UL << 62,

    /// <summary>There is a page (<c>HMM_PFN_VALID</c>).</summary>
    Valid = 1UL << 63,

    /// <summary>What outlives a new look at the page tables (row R41a).</summary>
    Sticky = DmaMapped | PeerToPeer | BusAddress,

    /// <summary>All of them.</summary>
    All = Sticky | Error | Write | Valid,
}
