// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Paging.Engine;

/// <summary>What the application sees of a region, and how pages come and go there. Offsets are bytes from the region's start, whole pages.</summary>
/// <remarks>Two kinds: by userfaultfd from another process, and by page protections from within. No call allocates.</remarks>
internal interface IWindow
{
    /// <summary>Puts whole pages of bytes into the window and the page table, all or none of each page; wakes who waits for them.</summary>
    /// <param name="offset">Where.</param>
    /// <param name="source">The bytes.</param>
    /// <param name="length">How many.</param>
    /// <param name="isWritable">Whether the application may write without a fault.</param>
    /// <param name="done">Bytes that were put there, also where the call ends with an error. <see cref="Errno.EEXIST"/>: the next page is there already.</param>
    Errno Publish(ulong offset, nint source, nuint length, bool isWritable, out nuint done);

    /// <summary>Puts pages that the window has into the page table.</summary>
    /// <returns><see cref="Errno.EFAULT"/>: the window does not have the page; <see cref="Errno.EEXIST"/>: the page table has it already.</returns>
    Errno Map(ulong offset, nuint length, bool isWritable, out nuint done);

    /// <summary>Takes the right to write from pages: a writer waits from here on.</summary>
    Errno Protect(ulong offset, nuint length);

    /// <summary>Gives the right to write to pages that are in the page table; wakes who waits.</summary>
    Errno Unprotect(ulong offset, nuint length);

    /// <summary>Copies pages out of the window.</summary>
    Errno Read(ulong offset, nint destination, nuint length);

    /// <summary>Takes pages out of the page table and the window.</summary>
    Errno Remove(ulong offset, nuint length);

    /// <summary>Lets who waits try again.</summary>
    void Wake(ulong offset, nuint length);

    /// <summary>Makes a touch of pages an error. They are not in the window, and the caller owns them: of a page that somebody brings in meanwhile the right to write could change.</summary>
    /// <returns><see cref="Errno.EEXIST"/>: it is one already; nobody was woken.</returns>
    Errno Poison(ulong offset, nuint length);

    /// <summary>The next run of pages that the window has.</summary>
    bool TryNextResident(ulong from, out ulong start, out ulong end);

    /// <summary>Copies pages from the window into the store; the store may read the window's file itself.</summary>
    /// <returns><see cref="Errno.ENODATA"/>: the window does not have some page, whose bytes would have been zeros; each may have been written or not.</returns>
    Errno Save(Stores.PageStore store, ulong offset, nuint length, nint scratch);
}
