// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>What differs from one Linux machine to the next without being a difference of behaviour; the agent tells it, the model must follow it.</summary>
/// <param name="Release">The kernel's release.</param>
/// <param name="FaultAroundPages">The window of a read fault of a file mapping; 1 is off.</param>
/// <param name="HasZeroPage">Whether a read fault of private anonymous memory maps the shared zero page, or a page of its own.</param>
/// <param name="HasGuardRegions">Whether anonymous memory can have guard regions (Linux 6.13).</param>
/// <param name="HasFileGuardRegions">Whether file and shared mappings can have them too (Linux 6.15).</param>
/// <param name="HasSoftDirty">Whether soft-dirty bits are kept.</param>
/// <param name="ShowsMappedOnce">Whether pagemap's bit 56 is told.</param>
internal sealed record MachinePolicy(string Release, int FaultAroundPages, bool HasZeroPage, bool HasGuardRegions, bool HasFileGuardRegions, bool HasSoftDirty, bool ShowsMappedOnce);
