// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli;

/// <summary>The command line of <c>physr trace check</c>.</summary>
/// <param name="File">The trace; <c>-</c> is the standard input.</param>
/// <param name="ListsAll">Whether every finding is listed.</param>
/// <param name="IsStrict">Whether the trace is taken to be complete.</param>
/// <param name="Driver">Whose findings; null is everybody's.</param>
/// <param name="Root">Where sysfs is; null asks none.</param>
/// <param name="IsJson">Whether the answer is JSON.</param>
internal sealed record TraceCheckOptions(string File, bool ListsAll, bool IsStrict, string? Driver, string? Root, bool IsJson);
