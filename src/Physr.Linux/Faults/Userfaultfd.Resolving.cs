// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <content>Giving pages to those who wait. Nothing here allocates. In these calls <see cref="Errno.ESRCH"/> says that the process is gone, <see cref="Errno.EAGAIN"/> that it changes its mappings
/// at this moment: read on and try again from where it stopped.</content>
public sealed partial class Userfaultfd
{
    // SAFETY: in every method here, the kernel reads and writes one structure, in the method's frame. Addresses of other memory are only numbers to it: a wrong one is EFAULT or ENOENT, except that Copy
    // reads the caller's memory, which is what it was asked for.

    /// <summary>Puts pages where there are none, with bytes of this process.</summary>
    /// <param name="destination">The first page, in the process whose faults these are.</param>
    /// <param name="source">The bytes, in this process; any alignment.</param>
    /// <param name="length">Bytes: whole pages.</param>
    /// <param name="writeProtected">Whether stores fault then (<see cref="FaultModes.WriteProtect"/>).</param>
    /// <param name="wake">Whether those who wait there try again now.</param>
    /// <param name="done">Bytes that are there, also where not all are.</param>
    /// <returns><see cref="Errno.EEXIST"/> where a page is there already; <see cref="Errno.ENOENT"/> where nothing is registered; <see cref="Errno.ENOSPC"/> or <see cref="Errno.ENOMEM"/> where memory is short.</returns>
    public unsafe Errno Copy(nint destination, nint source, nuint length, bool writeProtected, bool wake, out nuint done)
    {
        UffdCopyMode mode = (wake ? default : UffdCopyMode.UFFDIO_COPY_MODE_DONTWAKE) | (writeProtected ? UffdCopyMode.UFFDIO_COPY_MODE_WP : default);
        UffdioCopy argument = new() { Destination = (ulong)destination, Source = (ulong)source, Length = length, Mode = mode };
        Errno errno = Ask(UffdIoctl.UFFDIO_COPY, &argument);
        done = Positive(argument.Done);
        return errno;
    }

    /// <summary>Maps pages that the page cache has (<see cref="FaultModes.Minor"/>): write them to the file first.</summary>
    /// <param name="address">The first page, in the process whose faults these are.</param>
    /// <param name="length">Bytes: whole pages.</param>
    /// <param name="writeProtected">Whether stores fault then. Linux 6.4.</param>
    /// <param name="wake">Whether those who wait there try again now.</param>
    /// <param name="done">Bytes that are mapped, also where not all are.</param>
    /// <returns><see cref="Errno.EEXIST"/> where one is mapped already; <see cref="Errno.EFAULT"/> where the page cache has none; <see cref="Errno.ENOENT"/> where nothing is registered.</returns>
    public unsafe Errno Continue(nint address, nuint length, bool writeProtected, bool wake, out nuint done)
    {
        UffdContinueMode mode = (wake ? default : UffdContinueMode.UFFDIO_CONTINUE_MODE_DONTWAKE) | (writeProtected ? UffdContinueMode.UFFDIO_CONTINUE_MODE_WP : default);
        UffdioContinue argument = new() { Start = (ulong)address, Length = length, Mode = mode };
        Errno errno = Ask(UffdIoctl.UFFDIO_CONTINUE, &argument);
        done = Positive(argument.Done);
        return errno;
    }

    /// <summary>Protects pages from stores, or lets them go. Pages of shared memory need not be there.</summary>
    /// <param name="address">The first page, in the process whose faults these are.</param>
    /// <param name="length">Bytes: whole pages.</param>
    /// <param name="on">Whether to protect.</param>
    /// <param name="wake">Whether those who wait there try again now; of meaning only when they are let go.</param>
    /// <returns><see cref="Errno.ENOENT"/> where nothing is registered for <see cref="FaultModes.WriteProtect"/>.</returns>
    public unsafe Errno WriteProtect(nint address, nuint length, bool on, bool wake)
    {
        UffdWriteprotectMode mode = on ? UffdWriteprotectMode.UFFDIO_WRITEPROTECT_MODE_WP : wake ? default : UffdWriteprotectMode.UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
        UffdioWriteprotect argument = new() { Start = (ulong)address, Length = length, Mode = mode };
        return Ask(UffdIoctl.UFFDIO_WRITEPROTECT, &argument);
    }

    /// <summary>Lets those who wait in a range try again.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for what is no whole number of pages.</returns>
    public unsafe Errno Wake(nint address, nuint length)
    {
        UffdioRange argument = new() { Start = (ulong)address, Length = length };
        return Ask(UffdIoctl.UFFDIO_WAKE, &argument);
    }

    /// <summary>Makes touches of pages that are not there a SIGBUS (for the kernel's own, <see cref="Errno.EHWPOISON"/>): their bytes are lost. <see cref="FaultFeatures.Poison"/>.</summary>
    /// <param name="address">The first page, in the process whose faults these are.</param>
    /// <param name="length">Bytes: whole pages.</param>
    /// <param name="wake">Whether those who wait there try again now.</param>
    /// <param name="done">Bytes that are poisoned, also where not all are.</param>
    /// <returns><see cref="Errno.EEXIST"/> where a page is mapped; <see cref="Errno.ENOENT"/> where nothing is registered.</returns>
    public unsafe Errno Poison(nint address, nuint length, bool wake, out nuint done)
    {
        UffdioPoison argument = new() { Start = (ulong)address, Length = length, Mode = wake ? default : UffdPoisonMode.UFFDIO_POISON_MODE_DONTWAKE };
        Errno errno = Ask(UffdIoctl.UFFDIO_POISON, &argument);
        done = Positive(argument.Done);
        return errno;
    }

    /// <summary>Moves pages of anonymous memory within the process whose faults these are, without a copy: they are missing where they were. <see cref="FaultFeatures.Move"/>.</summary>
    /// <param name="destination">The first page of the place; none is there yet.</param>
    /// <param name="source">The first page to move; only this process has it.</param>
    /// <param name="length">Bytes: whole pages.</param>
    /// <param name="wake">Whether those who wait there try again now.</param>
    /// <param name="done">Bytes that moved, also where not all did.</param>
    /// <returns><see cref="Errno.EEXIST"/> where a page is there already; <see cref="Errno.ENOENT"/> where there is none to move; <see cref="Errno.EBUSY"/> where it is pinned or shared;
    /// <see cref="Errno.EINVAL"/> for memory that is not anonymous.</returns>
    public unsafe Errno Move(nint destination, nint source, nuint length, bool wake, out nuint done)
    {
        UffdioMove argument = new() { Destination = (ulong)destination, Source = (ulong)source, Length = length, Mode = wake ? default : UffdMoveMode.UFFDIO_MOVE_MODE_DONTWAKE };
        Errno errno = Ask(UffdIoctl.UFFDIO_MOVE, &argument);
        done = Positive(argument.Done);
        return errno;
    }

    /// <summary>Puts zeros where there are no pages. Not in hugetlbfs.</summary>
    /// <param name="address">The first page, in the process whose faults these are.</param>
    /// <param name="length">Bytes: whole pages.</param>
    /// <param name="wake">Whether those who wait there try again now.</param>
    /// <param name="done">Bytes that are there, also where not all are.</param>
    /// <returns><see cref="Errno.EEXIST"/> where a page is there already; <see cref="Errno.ENOENT"/> where nothing is registered.</returns>
    public unsafe Errno ZeroPage(nint address, nuint length, bool wake, out nuint done)
    {
        UffdioZeropage argument = new() { Start = (ulong)address, Length = length, Mode = wake ? default : UffdZeropageMode.UFFDIO_ZEROPAGE_MODE_DONTWAKE };
        Errno errno = Ask(UffdIoctl.UFFDIO_ZEROPAGE, &argument);
        done = Positive(argument.Done);
        return errno;
    }

    private static nuint Positive(long done) => done > 0 ? (nuint)done : 0;
}
