// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing;

/// <summary>What a fence in a reservation stands for (the kernel's <c>dma_resv_usage</c>). Waiting for one usage waits for those before it as well.</summary>
public enum DmaFenceUsage
{
    /// <summary>The memory itself is being moved or cleared: everybody waits, always.</summary>
    Kernel = 0,

    /// <summary>Somebody writes: an exclusive use, for which readers and writers wait.</summary>
    Write = 1,

    /// <summary>Somebody reads: a shared use, for which writers wait.</summary>
    Read = 2,

    /// <summary>Somebody reaches the memory, and nobody orders accesses by it; only who takes the memory away waits for it.</summary>
    Bookkeep = 3,
}
