// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage;

/// <summary>How a <see cref="Bio"/> is carried out (<c>REQ_*</c>).</summary>
[Flags]
public enum BioFlags
{
    /// <summary>No wishes.</summary>
    None = 0,

    /// <summary>The data is durable before the bio completes (<c>REQ_FUA</c>).</summary>
    ForceUnitAccess = 1,

    /// <summary>Everything completed before is durable before this one starts (<c>REQ_PREFLUSH</c>).</summary>
    PreFlush = 2,

    /// <summary>Never joined with a neighbour (<c>REQ_NOMERGE</c>).</summary>
    NoMerge = 4,

    /// <summary>No second try (<c>REQ_FAILFAST_DEV</c>).</summary>
    FailFast = 8,
}
