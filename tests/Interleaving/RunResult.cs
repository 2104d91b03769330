// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Testing.Interleaving;

/// <summary>How a run went.</summary>
/// <param name="Schedule">Who had which turn.</param>
/// <param name="HandOvers">How often another thread went on.</param>
/// <param name="Kind">What went wrong; null where nothing did.</param>
/// <param name="Message">What went wrong, in words.</param>
/// <param name="Exception">What was thrown.</param>
internal sealed record RunResult(Schedule Schedule, int HandOvers, FailureKind? Kind, string? Message, Exception? Exception);
