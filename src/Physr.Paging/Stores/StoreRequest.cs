// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Paging.Stores;

/// <summary>One call that a worker makes. It has memory of its own: a call that timed out may still write there when nobody waits for it any more, and nowhere else.</summary>
internal sealed unsafe class StoreRequest(IStoreRequester owner, int mostBytes)
{
    private void* _memory;

    /// <summary>Who waits for it.</summary>
    public IStoreRequester Owner { get; } = owner;

    /// <summary>How far it is; changes under the lock of <see cref="StoreWorkers"/>.</summary>
    public StoreRequestState State { get; set; }

    /// <summary>When it fails, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long Deadline { get; set; }

    /// <summary>Where it is in the list of those under way.</summary>
    public int Place { get; set; }

    /// <summary>Which call.</summary>
    public StoreCall Call { get; private set; }

    /// <summary>What comes back with its end.</summary>
    public ulong Token { get; private set; }

    /// <summary>The first byte.</summary>
    public ulong Offset { get; private set; }

    /// <summary>How many.</summary>
    public nuint Length { get; private set; }

    /// <summary>How it ended.</summary>
    public Errno Errno { get; set; }

    /// <summary>Where bytes that were read go; its owner's.</summary>
    public nint Destination { get; private set; }

    /// <summary>Its own memory.</summary>
    public nint Memory => (nint)_memory;

    /// <summary>Makes it another call; bytes to be written are copied.</summary>
    public void Set(StoreCall call, ulong token, ulong offset, nint address, nuint length)
    {
        // SAFETY: length is no more than mostBytes (its owner saw to that), and address has as many of the caller's. The memory is this object's until Free.
        (Call, Token, Offset, Destination, Length, Errno) = (call, token, offset, address, length, Errno.None);
        if (length != 0 && _memory is null)
        {
            _memory = NativeMemory.AlignedAlloc((nuint)mostBytes, PageStore.PageBytes);
        }

        if (call == StoreCall.Write)
        {
            NativeMemory.Copy((void*)address, _memory, length);
        }
    }

    /// <summary>Copies what was read to where it goes. By whoever waits for it.</summary>
    public void Deliver()
    {
        // SAFETY: as in Set; the destination is there until its owner was told the end, which is now.
        if (Call == StoreCall.Read && Errno == Errno.None)
        {
            NativeMemory.Copy(_memory, (void*)Destination, Length);
        }
    }

    /// <summary>Lets go of its memory. No worker has it.</summary>
    public void Free()
    {
        NativeMemory.AlignedFree(_memory);
        _memory = null;
    }
}
