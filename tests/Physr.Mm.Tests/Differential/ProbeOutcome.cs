// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>How a probe's load or store of one page ended.</summary>
internal enum ProbeOutcome : byte
{
    Ok,
    SEGV_MAPERR,
    SEGV_ACCERR,
    BUS_ADRERR,
    Other,
}
