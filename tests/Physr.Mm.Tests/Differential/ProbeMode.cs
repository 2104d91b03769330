// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Mm.Tests.Differential;

/// <summary>What is done to every live process after each step, before it is observed.</summary>
internal enum ProbeMode
{
    /// <summary>Nothing that changes anything.</summary>
    Quiet,

    /// <summary>Each page is loaded from, in order.</summary>
    Reads,

    /// <summary>Each page is loaded from; then, again in order, each gets the value stored that it has.</summary>
    Writes,
}
