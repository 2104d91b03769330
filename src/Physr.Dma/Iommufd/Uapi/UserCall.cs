// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Dma.Iommufd.Uapi;

/// <summary>One call through the byte interface: the structure that came with it, and the way back into the caller's memory.</summary>
internal readonly ref struct UserCall
{
    private readonly Span<byte> _structure;
    private readonly IUserMemory _memory;
    private readonly VirtualAddress _address;
    private readonly int _userLength;

    private UserCall(Span<byte> structure, IUserMemory memory, VirtualAddress address, int userLength)
    {
        _structure = structure;
        _memory = memory;
        _address = address;
        _userLength = userLength;
    }

    /// <summary>Copies a structure in, by the rule for structures that grow (<c>copy_struct_from_user</c>).</summary>
    /// <param name="memory">The caller's memory.</param>
    /// <param name="address">The structure, whose first word is its length.</param>
    /// <param name="command">How long it may be.</param>
    /// <param name="structure">Where to; zero, and as long as the command's structure.</param>
    /// <param name="call">The call.</param>
    /// <returns><see cref="Errno.EFAULT"/>; <see cref="Errno.EINVAL"/> below the least length; <see cref="Errno.E2BIG"/> where something unknown follows.</returns>
    public static Errno TryBegin(IUserMemory memory, VirtualAddress address, in IommufdCommand command, Span<byte> structure, out UserCall call)
    {
        call = default;
        Span<byte> word = structure[..sizeof(uint)];
        if (memory.TryRead(address, word) is var unread && unread != Errno.None)
        {
            return unread;
        }

        uint length = MemoryMarshal.Read<uint>(word);
        if (length < command.MinimumSize)
        {
            return Errno.EINVAL;
        }

        Errno errno = CheckTail(memory, address, (uint)command.Size, length);
        if (errno != Errno.None)
        {
            return errno;
        }

        int known = (int)Math.Min(length, (uint)command.Size);
        errno = memory.TryRead(address, structure[..known]);
        call = new(structure, memory, address, known);
        return errno;
    }

    /// <summary>The structure; what the caller left out is zero.</summary>
    public T Read<T>()
        where T : unmanaged => MemoryMarshal.Read<T>(_structure);

    /// <summary>Gives the structure back, as far as the caller knows it.</summary>
    /// <returns><see cref="Errno.EFAULT"/>.</returns>
    public Errno Respond<T>(in T answer)
        where T : unmanaged
    {
        MemoryMarshal.Write(_structure, in answer);
        return _memory.TryWrite(_address, _structure[.._userLength]);
    }

    private static Errno CheckTail(IUserMemory memory, VirtualAddress address, ulong known, ulong length)
    {
        Span<byte> chunk = stackalloc byte[256];
        for (ulong at = known; at < length;)
        {
            Span<byte> part = chunk[..(int)Math.Min((ulong)chunk.Length, length - at)];
            Errno errno = address.TryAdd(at, out VirtualAddress from) ? memory.TryRead(from, part) : Errno.EFAULT;
            if (errno != Errno.None || part.ContainsAnyExcept((byte)0))
            {
                return errno != Errno.None ? errno : Errno.E2BIG;
            }

            at += (ulong)part.Length;
        }

        return Errno.None;
    }
}
