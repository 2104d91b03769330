// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Gpu.Mmu;

/// <summary>How a translation ended. A driver can mend the faults; the rest ends the command.</summary>
internal enum GpuTranslateStatus
{
    Success,
    NotPresent,
    WriteProtected,
    AtomicDenied,
    NoContext,
    BadPageTable,
}
