// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Linux.Interop;

namespace Physr.Linux.Faults;

/// <summary>What a <see cref="Userfaultfd"/> tells of (<c>UFFD_EVENT_*</c>).</summary>
public enum FaultEventKind : byte
{
    /// <summary>A thread waits for a page.</summary>
    PageFault = UffdEvent.UFFD_EVENT_PAGEFAULT,

    /// <summary>The process has a child (<see cref="FaultFeatures.EventFork"/>).</summary>
    Fork = UffdEvent.UFFD_EVENT_FORK,

    /// <summary>A range is somewhere else (<see cref="FaultFeatures.EventRemap"/>).</summary>
    Remap = UffdEvent.UFFD_EVENT_REMAP,

    /// <summary>Pages were let go (<see cref="FaultFeatures.EventRemove"/>).</summary>
    Remove = UffdEvent.UFFD_EVENT_REMOVE,

    /// <summary>A range is no more (<see cref="FaultFeatures.EventUnmap"/>).</summary>
    Unmap = UffdEvent.UFFD_EVENT_UNMAP,
}
