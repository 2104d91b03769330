// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Memory;

namespace Physr.Mm;

/// <content>What the process has in memory (<c>mm_counter</c>, row R27a).</content>
public sealed partial class AddressSpace
{
    private long _anonymousPages;
    private long _filePages;
    private long _sharedMemoryPages;
    private long _swapEntries;

    /// <summary>Pages of its own, those in device-private memory included (<c>RssAnon</c>).</summary>
    public long AnonymousPages => Volatile.Read(ref _anonymousPages);

    /// <summary>Pages of files (<c>RssFile</c>).</summary>
    public long FilePages => Volatile.Read(ref _filePages);

    /// <summary>Pages of shared memory (<c>RssShmem</c>).</summary>
    public long SharedMemoryPages => Volatile.Read(ref _sharedMemoryPages);

    /// <summary>Entries that name a swap slot (<c>VmSwap</c>).</summary>
    public long SwapEntries => Volatile.Read(ref _swapEntries);

    /// <summary>All pages (<c>VmRSS</c>).</summary>
    public long ResidentPages => AnonymousPages + FilePages + SharedMemoryPages;

    internal void Count(Page page, long change)
    {
        PageFlags flags = page.Has(PageFlags.Tail) ? page.Head.Flags : page.Flags;
        if ((flags & PageFlags.Anonymous) != PageFlags.None)
        {
            Interlocked.Add(ref _anonymousPages, change);
        }
        else if ((flags & PageFlags.SharedMemory) != PageFlags.None)
        {
            Interlocked.Add(ref _sharedMemoryPages, change);
        }
        else
        {
            Interlocked.Add(ref _filePages, change);
        }
    }

    internal void CountAnonymous(long change) => Interlocked.Add(ref _anonymousPages, change);

    internal void CountSwap(long change) => Interlocked.Add(ref _swapEntries, change);
}
