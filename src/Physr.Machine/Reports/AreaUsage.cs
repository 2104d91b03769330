// Copyright (c) The Physr authors. Licensed under the MIT license.

using Physr.Mm.Reporting;

namespace Physr.Machine.Reports;

/// <summary>What one area of a process used at a moment.</summary>
/// <param name="Start">Its first address.</param>
/// <param name="End">The first one behind it.</param>
/// <param name="Permissions">As <c>rw-p</c>.</param>
/// <param name="Usage">What it used.</param>
public sealed record AreaUsage(ulong Start, ulong End, string Permissions, MemoryUsage Usage);
