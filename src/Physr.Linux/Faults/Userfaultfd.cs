// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <summary>The page faults of a process, served by a program: threads that touch registered pages sleep until the page is there (<c>userfaultfd(2)</c>).</summary>
/// <remarks><para>Serve faults in another process than the one that faults: a thread of .NET that faults may be in a place where the garbage collector cannot stop it, and if serving needs memory in the
/// same process both wait for each other for ever. Where that cannot be, fault inside a call of the kernel (<see cref="Memory.MemoryAdvice.PopulateRead"/>).</para>
/// <para>While a descriptor is open somewhere, faults wait. When the last one closes, missing pages are zeros again and those who wait go on with them.</para>
/// <para>Addresses and lengths are multiples of the page, of hugetlbfs its page. All calls but <see cref="Dispose"/> may run at once on several threads.</para></remarks>
public sealed partial class Userfaultfd : IDisposable
{
    private Userfaultfd(SafeFileHandle handle, bool isUserModeOnly) => (Handle, IsUserModeOnly) = (handle, isUserModeOnly);

    /// <summary>The descriptor: readable when there is something to <see cref="Read"/>. It may be sent to another process, which then serves this one's faults.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Whether only touches by the program itself wait: those of the kernel on its behalf (<c>read</c> into such a page, <c>madvise</c>) fail with <see cref="Errno.EFAULT"/>. Not known, and false,
    /// where it came from another process.</summary>
    public bool IsUserModeOnly { get; }

    /// <summary>Asks for the faults of a range of this process.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="length">Bytes; they may span several mappings, but no gap.</param>
    /// <param name="modes">Which faults; at least one.</param>
    /// <param name="reason">Why not, and what would be right; empty on success.</param>
    /// <returns><see cref="Errno.EINVAL"/>, <see cref="Errno.EBUSY"/>, <see cref="Errno.EPERM"/>, <see cref="Errno.ENOMEM"/>.</returns>
    public unsafe Errno TryRegister(nint address, nuint length, FaultModes modes, out string reason)
    {
        UffdioRegister argument = new() { Start = (ulong)address, Length = length, Mode = (UffdRegisterMode)modes };

        // SAFETY: the kernel reads and writes one structure, in this frame.
        Errno errno = Ask(UffdIoctl.UFFDIO_REGISTER, &argument);
        string range = $"0x{address:x}+0x{length:x}";
        reason = errno switch
        {
            Errno.None => "",
            Errno.EINVAL => $"{range}: {modes} faults cannot be asked for there: address and length are multiples of {Environment.SystemPageSize} (of hugetlbfs, of its page), all of it is mapped, is memory "
                + "of no file, of a memfd or of hugetlbfs, and the features for such memory were asked for",
            Errno.EBUSY => $"{range}: another userfaultfd has these faults: unregister it there first",
            Errno.EPERM => $"{range}: its file may not be written by this process: open the file for writing too",
            Errno.ENOMEM => $"{range}: memory is short, or vm.max_map_count is reached",
            _ => $"{range}: the kernel says {errno}",
        };
        return errno;
    }

    /// <summary>Asks for the faults of a range no more; those who wait go on.</summary>
    /// <returns><see cref="Errno.EINVAL"/> for what is no whole number of pages or not mapped.</returns>
    public unsafe Errno TryUnregister(nint address, nuint length)
    {
        // SAFETY: the kernel reads one structure, in this frame.
        UffdioRange argument = new() { Start = (ulong)address, Length = length };
        return Ask(UffdIoctl.UFFDIO_UNREGISTER, &argument);
    }

    /// <summary>Reads what happened since. Never waits: wait for <see cref="Handle"/> (<see cref="Waiting.EventPoll"/>).</summary>
    /// <remarks>A fault is told once. It may be told again when its thread was woken before the page was there, or was interrupted by a signal, and tried again.</remarks>
    /// <param name="events">Where to; at least one.</param>
    /// <returns>How many were read, or an <see cref="Errno"/> below zero: <see cref="Errno.EAGAIN"/> where there are none.</returns>
    public unsafe int Read(Span<FaultEvent> events)
    {
        // SAFETY: the kernel writes whole structures, no more than fit; the span is pinned meanwhile.
        fixed (FaultEvent* first = events)
        {
            nint bytes = LibC.Read(Handle, first, (nuint)events.Length * (nuint)sizeof(FaultEvent));
            return bytes >= 0 ? (int)(bytes / sizeof(FaultEvent)) : -(int)LibC.LastError;
        }
    }

    /// <summary>Closes the descriptor. Faults wait on if another process has one too.</summary>
    public void Dispose() => Handle.Dispose();

    private unsafe Errno Ask(UffdIoctl command, void* argument) => LibC.Ioctl(Handle, (ulong)command, argument) >= 0 ? Errno.None : LibC.LastError;
}
