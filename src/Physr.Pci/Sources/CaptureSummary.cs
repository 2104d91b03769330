// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Pci.Sources;

/// <summary>What went into a capture.</summary>
/// <param name="Functions">How many functions.</param>
/// <param name="Truncated">Which functions' <c>config</c> could only be read in part, with how much.</param>
/// <param name="Missing">What could not be captured at all, and why.</param>
public sealed record CaptureSummary(int Functions, IReadOnlyList<string> Truncated, IReadOnlyList<string> Missing);
