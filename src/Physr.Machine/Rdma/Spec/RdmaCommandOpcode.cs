// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Rdma.Spec;

/// <summary>What a command asks for. "Target", "A" to "C" and "D" to "G" are fields of <see cref="RdmaCommand"/>; every result is in <see cref="RdmaResponse"/>.</summary>
public enum RdmaCommandOpcode : ushort
{
    /// <summary>Not a command: EINVAL.</summary>
    Invalid = 0,

    /// <summary>Makes a protection domain; gives its number.</summary>
    AllocateDomain = 1,

    /// <summary>Ends domain Target; EBUSY while regions or queue pairs are in it.</summary>
    FreeDomain = 2,

    /// <summary>Makes a completion queue: A ring address (a multiple of 64), D logarithm of its entries, E interrupt vector; gives its number.</summary>
    CreateCompletionQueue = 3,

    /// <summary>Ends completion queue Target; EBUSY while queue pairs use it.</summary>
    DestroyCompletionQueue = 4,

    /// <summary>Makes a reliable-connected queue pair: A send ring, B receive ring (multiples of 64), D domain, E send and F receive completion queue, G the
    /// logarithms of the rings (bits 7:0 send, 15:8 receive); gives its number.</summary>
    CreateQueuePair = 5,

    /// <summary>Connects queue pair Target to queue pair D of the other end; it can work from then on.</summary>
    ConnectQueuePair = 6,

    /// <summary>Puts queue pair Target in error, which flushes its work requests.</summary>
    AbortQueuePair = 7,

    /// <summary>Ends queue pair Target, with no further completion.</summary>
    DestroyQueuePair = 8,

    /// <summary>Gives the state of queue pair Target as value (<see cref="RdmaQueuePairState"/>).</summary>
    QueryQueuePair = 9,

    /// <summary>Makes a memory region: A first virtual address, B bytes, C address of the block list (64-bit block addresses), D domain, E access, F logarithm of
    /// the block size, G number of blocks, which is exactly what the bytes need; gives its key, local and remote (row R63).</summary>
    RegisterMemory = 10,

    /// <summary>Ends the region with key Target; later uses of the key fail.</summary>
    DeregisterMemory = 11,
}
