// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Hmm.Tests;

/// <summary>What a snapshot says of one page (the kernel's <c>HMM_DMIRROR_PROT_*</c>).</summary>
[Flags]
internal enum MirrorReport
{
    None = 0,
    Read = 1,
    Write = 2,
    Huge = 4,
    Zero = 0x10,
    PrivateLocal = 0x20,
    PrivateRemote = 0x30,
    CoherentLocal = 0x40,
    CoherentRemote = 0x50,
    Error = 0x100,
}
