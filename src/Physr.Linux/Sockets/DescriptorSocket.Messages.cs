// Copyright (c) The Physr authors. Licensed under the MIT license.

using Microsoft.Win32.SafeHandles;
using Physr.Linux.Interop;

namespace Physr.Linux.Sockets;

/// <content>Messages.</content>
public sealed partial class DescriptorSocket
{
    /// <summary>Sends one message, whole or not at all. Allocates nothing.</summary>
    /// <param name="message">Its bytes; at least one.</param>
    /// <param name="descriptors">What goes with it; it stays open here too. <see cref="MaximumDescriptors"/> at most.</param>
    /// <param name="wait">Whether to wait for room.</param>
    /// <returns><see cref="Errno.EAGAIN"/> where there is no room; <see cref="Errno.EPIPE"/>, <see cref="Errno.ECONNRESET"/> where the other end is gone; <see cref="Errno.EMSGSIZE"/> for too many bytes;
    /// <see cref="Errno.EINVAL"/> for none, or too many descriptors; <see cref="Errno.EBADF"/> for a closed one; <see cref="Errno.ETOOMANYREFS"/> where too many are on their way.</returns>
    public unsafe Errno TrySend(ReadOnlySpan<byte> message, ReadOnlySpan<SafeFileHandle> descriptors, bool wait)
    {
        if (message.IsEmpty || descriptors.Length > MaximumDescriptors)
        {
            return Errno.EINVAL;
        }

        // SAFETY: all structures lie in this frame or in the pinned span; the control message has room for its header and all numbers. Every handle is held until the kernel has the descriptors.
        nuint controlBytes = (nuint)(sizeof(ControlHeader) + (descriptors.Length * sizeof(int)));
        byte* control = stackalloc byte[(int)controlBytes];
        int* numbers = (int*)(control + sizeof(ControlHeader));
        int held = 0;
        try
        {
            foreach (SafeFileHandle descriptor in descriptors)
            {
                if (descriptor.IsInvalid || descriptor.IsClosed)
                {
                    return Errno.EBADF;
                }

                bool isHeld = false;
                descriptor.DangerousAddRef(ref isHeld);
                numbers[held++] = (int)descriptor.DangerousGetHandle();
            }

            *(ControlHeader*)control = new() { Length = controlBytes, Level = SocketLevel.SOL_SOCKET, Kind = ControlKind.SCM_RIGHTS };
            fixed (byte* bytes = message)
            {
                IoVector vector = new() { Base = (nint)bytes, Length = (nuint)message.Length };
                MessageHeader header = new() { Vectors = (nint)(&vector), VectorCount = 1, Control = held == 0 ? 0 : (nint)control, ControlLength = held == 0 ? 0 : controlBytes };
                Errno errno;
                do
                {
                    nint sent = LibC.SendMessage(Handle, &header, MessageFlags.MSG_NOSIGNAL | (wait ? default : MessageFlags.MSG_DONTWAIT));
                    errno = sent >= 0 ? Errno.None : LibC.LastError;
                }
                while (errno == Errno.EINTR);

                return errno;
            }
        }
        finally
        {
            for (int index = 0; index < held; index++)
            {
                descriptors[index].DangerousRelease();
            }
        }
    }

    /// <summary>Receives one message. Allocates nothing but a handle for each descriptor.</summary>
    /// <param name="buffer">Where its bytes go.</param>
    /// <param name="descriptors">Where its descriptors go; the caller closes them.</param>
    /// <param name="wait">Whether to wait for one.</param>
    /// <param name="length">Bytes; 0, with <see cref="Errno.None"/>, where the other end is gone.</param>
    /// <param name="descriptorCount">Descriptors.</param>
    /// <returns><see cref="Errno.EAGAIN"/> where there is none; <see cref="Errno.EMSGSIZE"/> where it has more bytes or descriptors than there is room for, or this process may open no more files: the message
    /// is lost then, and its descriptors are closed; <see cref="Errno.ECONNRESET"/>.</returns>
    public unsafe Errno TryReceive(Span<byte> buffer, Span<SafeFileHandle?> descriptors, bool wait, out int length, out int descriptorCount)
    {
        (length, descriptorCount) = (0, 0);

        // SAFETY: all structures lie in this frame or in the pinned span. The kernel is told of exactly so many bytes as the numbers that can be taken need: it would fill a gap after them with one more.
        int room = int.Min(descriptors.Length, MaximumDescriptors);
        nuint controlBytes = room == 0 ? 0 : (nuint)(sizeof(ControlHeader) + (room * sizeof(int)));
        byte* control = stackalloc byte[(int)controlBytes];
        fixed (byte* bytes = buffer)
        {
            IoVector vector = new() { Base = (nint)bytes, Length = (nuint)buffer.Length };
            MessageHeader header = default;
            nint received;
            Errno errno;
            do
            {
                header = new() { Vectors = (nint)(&vector), VectorCount = 1, Control = (nint)control, ControlLength = controlBytes };
                received = LibC.ReceiveMessage(Handle, &header, MessageFlags.MSG_CMSG_CLOEXEC | (wait ? default : MessageFlags.MSG_DONTWAIT));
                errno = received >= 0 ? Errno.None : LibC.LastError;
            }
            while (errno == Errno.EINTR);

            if (errno != Errno.None)
            {
                return errno;
            }

            descriptorCount = Take(control, header.ControlLength, descriptors);
            if ((header.Flags & (MessageFlags.MSG_TRUNC | MessageFlags.MSG_CTRUNC)) == default)
            {
                length = (int)received;
                return Errno.None;
            }

            for (int index = 0; index < descriptorCount; index++)
            {
                descriptors[index]!.Dispose();
                descriptors[index] = null;
            }

            descriptorCount = 0;
            return Errno.EMSGSIZE;
        }
    }

    /// <summary>Makes handles of the descriptors that came.</summary>
    private static unsafe int Take(byte* control, nuint bytes, Span<SafeFileHandle?> descriptors)
    {
        // SAFETY: the kernel wrote that many bytes, and says in the header how many of them are numbers; with one kind of control message asked for there is one at most.
        if (bytes < (nuint)sizeof(ControlHeader))
        {
            return 0;
        }

        ControlHeader header = *(ControlHeader*)control;
        if (header.Level != SocketLevel.SOL_SOCKET || header.Kind != ControlKind.SCM_RIGHTS)
        {
            return 0;
        }

        int count = (int)((nuint.Min(header.Length, bytes) - (nuint)sizeof(ControlHeader)) / sizeof(int));
        int* numbers = (int*)(control + sizeof(ControlHeader));
        for (int index = 0; index < count; index++)
        {
            descriptors[index] = new(numbers[index], ownsHandle: true);
        }

        return count;
    }
}
