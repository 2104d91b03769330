// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Iommufd;

/// <summary>A process's memory as an I/O address space needs it: to pin, to count pins, to read and to write. Thread-safe.</summary>
/// <remarks>Pages are 4 KiB. A page keeps its bytes and its frame while it is pinned, whatever the process does, and even when the process is gone.</remarks>
public interface IUserMemory
{
    /// <summary>For messages.</summary>
    string Name { get; }

    /// <summary>Whether it may pin beyond every limit (<c>CAP_IPC_LOCK</c>): then only <see cref="Pinned"/> is counted.</summary>
    bool IsExemptFromLimits { get; }

    /// <summary>The user's locked pages, shared by all processes of the user (<c>user->locked_vm</c> under <c>RLIMIT_MEMLOCK</c>).</summary>
    MemoryLockAccount UserLocked { get; }

    /// <summary>The process's locked pages (<c>VmLck</c>).</summary>
    MemoryLockAccount Locked { get; }

    /// <summary>The process's pinned pages (<c>VmPin</c>); counts without a limit.</summary>
    MemoryLockAccount Pinned { get; }

    /// <summary>Pins whole pages, all or none, each once more than before. Brings in what is absent, and gives the process its own copy of what it shares until
    /// somebody writes, also to read: else its next write would move it away from the frame that devices see.</summary>
    /// <param name="address">On a page boundary.</param>
    /// <param name="length">Whole pages; not zero.</param>
    /// <param name="writable">Whether the pages will be written.</param>
    /// <param name="frames">The pages' physical ranges are appended, in order; neighbours may be joined.</param>
    /// <returns><see cref="Errno.EFAULT"/> where the process has nothing, may not write, or is gone; <see cref="Errno.ENOMEM"/>.</returns>
    Errno TryPin(VirtualAddress address, ulong length, bool writable, List<PhysicalRange> frames);

    /// <summary>Takes one pin off each page of a physical range, in any division of what was pinned.</summary>
    /// <param name="frames">Whole pages.</param>
    /// <param name="dirty">Whether they may have been written.</param>
    void Unpin(PhysicalRange frames, bool dirty);

    /// <summary>Reads as the process would.</summary>
    /// <returns><see cref="Errno.EFAULT"/> where it could not; part may have been read.</returns>
    Errno TryRead(VirtualAddress address, Span<byte> destination);

    /// <summary>Writes as the process would.</summary>
    /// <returns><see cref="Errno.EFAULT"/> where it could not; part may have been written.</returns>
    Errno TryWrite(VirtualAddress address, ReadOnlySpan<byte> source);
}
