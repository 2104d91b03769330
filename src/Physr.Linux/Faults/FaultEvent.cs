// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <summary>One thing that a <see cref="Userfaultfd"/> tells (<c>struct uffd_msg</c>). What each property means depends on <see cref="Kind"/>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
public readonly struct FaultEvent
{
    [FieldOffset(0)]
    private readonly FaultEventKind _kind;

    [FieldOffset(8)]
    private readonly ulong _first;

    [FieldOffset(16)]
    private readonly ulong _second;

    [FieldOffset(24)]
    private readonly ulong _third;

    /// <summary>A fault, as the kernel would tell it.</summary>
    /// <param name="kind">What is told.</param>
    /// <param name="flags">The flags of a fault (<c>UFFD_PAGEFAULT_FLAG_*</c>), or the start of a range.</param>
    /// <param name="address">Where the fault is, or the end of a range.</param>
    /// <param name="threadId">Whose fault it is, or how long a range is that moved.</param>
    public FaultEvent(FaultEventKind kind, ulong flags, ulong address, ulong threadId = 0) => (_kind, _first, _second, _third) = (kind, flags, address, threadId);

    /// <summary>What is told.</summary>
    public FaultEventKind Kind => _kind;

    /// <summary>Of a fault: <c>UFFD_PAGEFAULT_FLAG_*</c>.</summary>
    public ulong Flags => _first;

    /// <summary>Of a fault: the first byte of the page, or with <see cref="FaultFeatures.ExactAddress"/> the byte.</summary>
    public ulong Address => _second;

    /// <summary>Of a fault: the thread that waits, as its own PID namespace has it; 0 without <see cref="FaultFeatures.ThreadId"/>.</summary>
    public uint ThreadId => (uint)_third;

    /// <summary>Of a fault: whether it is a store.</summary>
    public bool IsWrite => (_first & (ulong)UffdFaultFlags.UFFD_PAGEFAULT_FLAG_WRITE) != 0;

    /// <summary>Of a fault: whether the page is there and protected.</summary>
    public bool IsWriteProtect => (_first & (ulong)UffdFaultFlags.UFFD_PAGEFAULT_FLAG_WP) != 0;

    /// <summary>Of a fault: whether the page cache has the page.</summary>
    public bool IsMinor => (_first & (ulong)UffdFaultFlags.UFFD_PAGEFAULT_FLAG_MINOR) != 0;

    /// <summary>Of a fork: the descriptor, now open in the process that read this, for the faults of the child.</summary>
    public int ForkedDescriptor => (int)(uint)_first;

    /// <summary>Of <see cref="FaultEventKind.Remove"/> and <see cref="FaultEventKind.Unmap"/>: the first byte; of <see cref="FaultEventKind.Remap"/>: where it was.</summary>
    public ulong Start => _first;

    /// <summary>Of <see cref="FaultEventKind.Remove"/> and <see cref="FaultEventKind.Unmap"/>: the byte after the last.</summary>
    public ulong End => _second;

    /// <summary>Of <see cref="FaultEventKind.Remap"/>: where it is now.</summary>
    public ulong RemappedTo => _second;

    /// <summary>Of <see cref="FaultEventKind.Remap"/>: bytes.</summary>
    public ulong RemappedLength => _third;

    /// <summary>What is told, for logs.</summary>
    public override string ToString() => Kind == FaultEventKind.PageFault
        ? $"{(IsWrite ? "store to" : "load of")} 0x{Address:x}{(IsWriteProtect ? ", protected" : IsMinor ? ", in the page cache" : "")}"
        : $"{Kind} 0x{_first:x}, 0x{_second:x}, 0x{_third:x}";
}
