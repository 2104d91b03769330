// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>The two-letter words of the VmFlags line, in the agent's order.</summary>
[Flags]
internal enum VmFlags : uint
{
    None = 0,
    rd = 1 << 0,
    wr = 1 << 1,
    ex = 1 << 2,
    sh = 1 << 3,
    mr = 1 << 4,
    mw = 1 << 5,
    me = 1 << 6,
    ms = 1 << 7,
    ac = 1 << 8,
    nr = 1 << 9,
    dc = 1 << 10,
    wf = 1 << 11,
    lo = 1 << 12,
    sd = 1 << 13,
    rr = 1 << 14,
    sr = 1 << 15,
    gh = 1 << 16,
    ui = 1 << 17,
}
