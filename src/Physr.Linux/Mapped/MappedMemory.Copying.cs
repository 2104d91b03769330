// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Mapped;

/// <content>Loads and stores that the kernel makes, so that a page that cannot be had is a result.</content>
public sealed partial class MappedMemory
{
    /// <summary>Copies bytes out of the mapping without touching it: the kernel does (<c>process_vm_readv</c> of this process), and what would be a SIGBUS is a result. It sees what a load would see.</summary>
    /// <remarks>A system call each time: for a file that somebody else may cut, or a disk that may fail. No garbage collection waits for it. Memory of devices cannot be copied so.</remarks>
    /// <param name="offset">The first byte.</param>
    /// <param name="destination">Where they go to; its length says how many.</param>
    /// <param name="copied">Bytes that were copied: those before the first that cannot be had.</param>
    /// <param name="reason">Why not all; empty on success.</param>
    /// <returns><see cref="Errno.ENXIO"/> beyond the end of the mapping (nothing was copied), or of a file that was cut; <see cref="Errno.EIO"/> where they cannot be had;
    /// <see cref="Errno.EHWPOISON"/> where the hardware lost some; <see cref="Errno.ENOSYS"/> or <see cref="Errno.EPERM"/> where a sandbox forbids the call.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public unsafe Errno TryCopyTo(nuint offset, MemoryWindow destination, out nuint copied, out string reason)
    {
        // SAFETY: the window has so many bytes, as its maker promised, and they do not move meanwhile.
        fixed (byte* bytes = destination)
        {
            return TryCopy(offset, (nint)bytes, destination.Length, forStores: false, out copied, out reason);
        }
    }

    /// <summary>Copies bytes into the mapping without touching it: the kernel does (<c>process_vm_writev</c> of this process), and what would be a SIGBUS is a result.</summary>
    /// <remarks>As <see cref="TryCopyTo"/>.</remarks>
    /// <param name="source">What is stored.</param>
    /// <param name="offset">Where its first byte goes to.</param>
    /// <param name="copied">Bytes that were copied: those before the first that cannot be had.</param>
    /// <param name="reason">Why not all; empty on success.</param>
    /// <returns>As <see cref="TryCopyTo"/>; and <see cref="Errno.EROFS"/> where there may be no stores.</returns>
    /// <exception cref="ObjectDisposedException">The mapping is gone.</exception>
    public unsafe Errno TryCopyFrom(ReadOnlyMemoryWindow source, nuint offset, out nuint copied, out string reason)
    {
        if (IsReadOnly)
        {
            copied = 0;
            return RefuseStores(offset, source.Length, out reason);
        }

        // SAFETY: as in TryCopyTo.
        fixed (byte* bytes = source)
        {
            return TryCopy(offset, (nint)bytes, source.Length, forStores: true, out copied, out reason);
        }
    }

    private unsafe Errno TryCopy(nuint offset, nint local, nuint length, bool forStores, out nuint copied, out string reason)
    {
        copied = 0;
        Enter();
        try
        {
            Errno errno = CheckPages(offset, length, out _, out _, out reason);
            while (errno == Errno.None && copied < length)
            {
                // SAFETY: the caller keeps the local bytes, the lease keeps the mapped ones; the kernel checks every page of both.
                IoVector here = new() { Base = local + (nint)copied, Length = length - copied };
                IoVector there = new() { Base = _region.Address + (nint)(offset + copied), Length = length - copied };
                nint done = forStores ? LibC.ProcessWrite(Environment.ProcessId, &here, 1, &there, 1, 0) : LibC.ProcessRead(Environment.ProcessId, &here, 1, &there, 1, 0);
                if (done > 0)
                {
                    copied += (nuint)done;
                }
                else
                {
                    errno = done == 0 ? Errno.EFAULT : LibC.LastError;
                    errno = errno == Errno.EINTR ? Errno.None : errno;
                }
            }

            if (errno == Errno.None || reason.Length != 0)
            {
                return errno;
            }

            if (errno != Errno.EFAULT)
            {
                reason = MappedReasons.Of(Name, offset + copied, length - copied, errno, "process_vm_readv and process_vm_writev are forbidden here: allow them in the sandbox's seccomp profile");
                return errno;
            }
        }
        finally
        {
            Exit();
        }

        return Explain(offset + copied, length - copied, out reason);
    }

    /// <summary>Says why bytes cannot be had, which the kernel calls a bad address whatever it is.</summary>
    private Errno Explain(nuint offset, nuint length, out string reason)
    {
        Errno errno = TryTell(offset, nuint.Min(length, 1), Advice.MADV_POPULATE_READ, out _) == Errno.EHWPOISON ? Errno.EHWPOISON : Errno.EIO;
        string why = errno == Errno.EHWPOISON
            ? "the hardware lost bytes there"
            : "the disk could not be read, or has no room for them, or huge pages have run out";

        // Pages that lie wholly behind the end of the file are not there.
        ulong? has = _file is not null && MappedFiles.TryMeasure(_file, Name, out MappedSource? source, out _) == Errno.None ? source!.Length : null;
        if (has is ulong bytes && Alignment.Up(bytes, PageBytes) < _options.Offset + offset + length)
        {
            (errno, why) = (Errno.ENXIO, $"somebody cut the file to {bytes} bytes: its bytes from {Alignment.Up(bytes, PageBytes)} on cannot be touched");
        }

        reason = MappedReasons.Of(Name, offset, length, errno, why);
        return errno;
    }
}
