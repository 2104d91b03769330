// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>By how much bytes become durable, and what a program has to do for it (the words of libpmem2).</summary>
public enum PersistenceGranularity
{
    /// <summary>A store is durable once it is visible: the caches are inside the persistence domain (eADR). A fence orders, a flush does nothing.</summary>
    Store = 0,

    /// <summary>A cache line of 64 bytes is durable once it was flushed and a fence has passed (ADR: <c>CLWB</c>, <c>SFENCE</c>).</summary>
    CacheLine,

    /// <summary>A page is durable once the operating system wrote it back (<c>msync</c>, <c>fdatasync</c>).</summary>
    Page,
}
