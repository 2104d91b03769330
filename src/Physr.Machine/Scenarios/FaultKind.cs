// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>What can go wrong.</summary>
public enum FaultKind
{
    /// <summary>A link stops carrying anything.</summary>
    LinkDown,

    /// <summary>A device is pulled out.</summary>
    SurpriseRemoval,

    /// <summary>A transaction is answered with Unsupported Request.</summary>
    UnsupportedRequest,

    /// <summary>A completion comes after the timeout.</summary>
    LateCompletion,

    /// <summary>A transaction's bytes arrive poisoned.</summary>
    DmaError,
}
