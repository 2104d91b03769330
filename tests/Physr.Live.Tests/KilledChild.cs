// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Live.Tests;

/// <summary>What a child left.</summary>
/// <param name="Lines">The whole lines of its output, in order.</param>
/// <param name="ExitCode">137 of a killed one (128 and SIGKILL's number).</param>
/// <param name="Error">Its error output.</param>
internal sealed record KilledChild(IReadOnlyList<string> Lines, int ExitCode, string Error)
{
    /// <summary>Whether it died of the kill, and not before.</summary>
    public bool WasKilled => ExitCode == 137;
}
