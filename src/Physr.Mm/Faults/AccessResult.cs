// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;

namespace Physr.Mm;

/// <summary>How an access ended, and how far it came.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Completed">Bytes read or written before that.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct AccessResult(AccessOutcome Outcome, ulong Completed)
{
    /// <summary>Whether all bytes were read or written.</summary>
    public bool IsDone => Outcome == AccessOutcome.Done;
}
