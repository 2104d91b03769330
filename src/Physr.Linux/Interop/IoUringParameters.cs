// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Linux.Interop;

/// <summary>What is asked of a ring, and what it is then (<c>struct io_uring_params</c>); the parts that are used. Offsets are bytes in the mapping of the queues.</summary>
[StructLayout(LayoutKind.Explicit, Size = 120)]
internal struct IoUringParameters
{
    /// <summary><c>sq_entries</c>: places for entries.</summary>
    [FieldOffset(0)]
    public uint SubmissionEntries;

    /// <summary><c>cq_entries</c>: places for completions.</summary>
    [FieldOffset(4)]
    public uint CompletionEntries;

    /// <summary><c>flags</c>.</summary>
    [FieldOffset(8)]
    public IoUringSetupFlags Flags;

    /// <summary><c>features</c>.</summary>
    [FieldOffset(20)]
    public IoUringFeatures Features;

    /// <summary><c>sq_off.head</c>: the next entry that the kernel takes.</summary>
    [FieldOffset(40)]
    public uint SubmissionHead;

    /// <summary><c>sq_off.tail</c>: behind the last entry that there is.</summary>
    [FieldOffset(44)]
    public uint SubmissionTail;

    /// <summary><c>sq_off.flags</c>: <see cref="IoUringQueueFlags"/>.</summary>
    [FieldOffset(56)]
    public uint SubmissionFlags;

    /// <summary><c>sq_off.array</c>: which entry is at which place of the queue.</summary>
    [FieldOffset(64)]
    public uint SubmissionArray;

    /// <summary><c>cq_off.head</c>: the next completion to be read.</summary>
    [FieldOffset(80)]
    public uint CompletionHead;

    /// <summary><c>cq_off.tail</c>: behind the last completion that there is.</summary>
    [FieldOffset(84)]
    public uint CompletionTail;

    /// <summary><c>cq_off.cqes</c>: the completions.</summary>
    [FieldOffset(100)]
    public uint Completions;
}
