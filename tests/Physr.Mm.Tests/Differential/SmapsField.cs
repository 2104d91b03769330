// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>The fields of a VMA in <c>/proc/PID/smaps</c>, in kB, in the agent's order.</summary>
internal enum SmapsField
{
    Size,
    Rss,
    Pss,
    Pss_Dirty,
    Shared_Clean,
    Shared_Dirty,
    Private_Clean,
    Private_Dirty,
    Referenced,
    Anonymous,
    KSM,
    LazyFree,
    AnonHugePages,
    ShmemPmdMapped,
    FilePmdMapped,
    Swap,
    SwapPss,
    Locked,
    THPeligible,
}
