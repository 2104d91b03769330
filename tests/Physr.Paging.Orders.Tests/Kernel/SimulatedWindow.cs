// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Interleaving;
using Physr.Paging.Control;
using Physr.Paging.Engine;
using Physr.Paging.Stores;

namespace Physr.Paging.Orders.Tests;

/// <summary>A window over <see cref="SimulatedKernel"/>: the calls of <see cref="UffdWindow"/>, each a place where others can come first.</summary>
/// <param name="kernel">The kernel.</param>
/// <param name="isFine">Whether others can come between the pages of one call, and between a page's coming into the file and into the page table.</param>
internal sealed class SimulatedWindow(SimulatedKernel kernel, bool isFine) : IWindow
{
    /// <summary>Calls of <see cref="Map"/>, <see cref="Protect"/>, <see cref="Unprotect"/> and <see cref="Publish"/> that fail, with this error, as long as it counts.</summary>
    public (Errno Errno, int Count) Failures { get; set; }

    /// <inheritdoc/>
    public Errno Publish(ulong offset, nint source, nuint length, bool isWritable, out nuint done)
    {
        Errno Publish(int page, nint at) => kernel.Copy(page, PageContent.Peek(at), isProtected: !isWritable);
        return Each(Points.Copy, offset, length, (page, at) => Publish(page, source + at), out done);
    }

    /// <inheritdoc/>
    public Errno Map(ulong offset, nuint length, bool isWritable, out nuint done)
    {
        Errno errno = Each(Points.Continue, offset, length, (page, _) => kernel.Continue(page, isProtected: !isWritable), out done);
        SchedulePoint.Reach(Points.Continued[Page(offset)]);
        return errno;
    }

    /// <inheritdoc/>
    public Errno Protect(ulong offset, nuint length) => WriteProtect(offset, length, on: true);

    /// <inheritdoc/>
    public Errno Unprotect(ulong offset, nuint length)
    {
        Errno errno = WriteProtect(offset, length, on: false);
        if (errno == Errno.None)
        {
            WakeAll(offset, length);
        }

        return errno;
    }

    /// <inheritdoc/>
    public Errno Read(ulong offset, nint destination, nuint length) => Each(
        Points.ReadWindow,
        offset,
        length,
        (page, at) =>
        {
            PageContent.Poke(destination + at, kernel.Bytes(page));
            return Errno.None;
        },
        out _);

    /// <inheritdoc/>
    public Errno Remove(ulong offset, nuint length) => Each(
        Points.Punch,
        offset,
        length,
        (page, _) =>
        {
            kernel.Punch(page);
            return Errno.None;
        },
        out _);

    /// <inheritdoc/>
    public void Wake(ulong offset, nuint length)
    {
        SchedulePoint.Reach(Points.Wake[Page(offset)]);
        WakeAll(offset, length);
        SchedulePoint.Reach(Points.Woken[Page(offset)]);
    }

    /// <inheritdoc/>
    public Errno Poison(ulong offset, nuint length)
    {
        // As UffdWindow does.
        int page = Page(offset);
        SchedulePoint.Reach(Points.Poison[page]);
        Errno errno = kernel.Poison(page);
        if (errno == Errno.EEXIST)
        {
            SchedulePoint.Reach(Points.Unprotect[page]);
            kernel.WriteProtect(page, on: false);
            SchedulePoint.Reach(Points.Poison[page]);
            errno = kernel.Poison(page);
        }

        return errno;
    }

    /// <inheritdoc/>
    public bool TryNextResident(ulong from, out ulong start, out ulong end)
    {
        int page = Page(from);
        SchedulePoint.Reach(Points.SeekData);
        while (page < kernel.Pages && !kernel.IsCached(page))
        {
            page++;
        }

        int last = page;
        while (last < kernel.Pages && kernel.IsCached(last))
        {
            last++;
        }

        (start, end) = ((ulong)page << ControlLayout.PageShift, (ulong)last << ControlLayout.PageShift);
        return page < kernel.Pages;
    }

    /// <inheritdoc/>
    public Errno Save(PageStore store, ulong offset, nuint length, nint scratch)
    {
        // As PageStore and MemoryStore do. The one looks before it writes, and only at what reads as zeros; the other has written when it looks.
        bool isMapped = store.TryGetAddress(offset, out _);
        Errno errno = Read(offset, scratch, length);
        errno = errno == Errno.None && isMapped ? store.Write(offset, scratch, length) : errno;
        for (nuint at = 0; errno == Errno.None && at < length; at += ControlLayout.PageBytes)
        {
            if (isMapped || PageContent.Peek(scratch + (nint)at) == 0)
            {
                SchedulePoint.Reach(Points.SeekData);
                errno = kernel.IsCached(Page(offset + at)) ? Errno.None : Errno.ENODATA;
            }
        }

        return errno == Errno.None && !isMapped ? store.Write(offset, scratch, length) : errno;
    }

    private static int Page(ulong offset) => (int)(offset >> ControlLayout.PageShift);

    private Errno WriteProtect(ulong offset, nuint length, bool on) => Each(
        on ? Points.Protect : Points.Unprotect,
        offset,
        length,
        (page, _) =>
        {
            kernel.WriteProtect(page, on);
            return Errno.None;
        },
        out _);

    private void WakeAll(ulong offset, nuint length)
    {
        for (int page = Page(offset); page < Page(offset + length); page++)
        {
            kernel.Wake(page);
        }
    }

    /// <summary>One call: page by page until one fails. As the kernel has it, a call that did some of them fails with EAGAIN, and the next one says why.</summary>
    private Errno Each(string[] point, ulong offset, nuint length, Func<int, int, Errno> one, out nuint done)
    {
        done = 0;
        SchedulePoint.Reach(point[Page(offset)]);
        if (Failures.Count > 0 && ReferenceEquals(point, Failing(point)))
        {
            Failures = Failures with { Count = Failures.Count - 1 };
            return Failures.Errno;
        }

        for (nuint at = 0; at < length; at += ControlLayout.PageBytes)
        {
            int page = Page(offset + at);
            if (isFine && at != 0)
            {
                SchedulePoint.Reach(point[page]);
            }

            Errno errno = one(page, (int)at);
            if (errno != Errno.None)
            {
                return done == 0 ? errno : Errno.EAGAIN;
            }

            done += ControlLayout.PageBytes;
        }

        return Errno.None;
    }

    private static string[]? Failing(string[] point) =>
        ReferenceEquals(point, Points.Continue) || ReferenceEquals(point, Points.Copy) || ReferenceEquals(point, Points.Protect) || ReferenceEquals(point, Points.Unprotect) ? point : null;
}
