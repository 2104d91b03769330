// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Sharing.Protocol;

/// <summary>Whether a program goes on after a step.</summary>
public enum RevocableOutcomeKind
{
    /// <summary>It goes on.</summary>
    Advance = 0,

    /// <summary>It waits at this step.</summary>
    Blocked,

    /// <summary>It gives its locks back and ends.</summary>
    Leave,
}
