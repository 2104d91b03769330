// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>What became of RAM that was added while a GPU had pages.</summary>
/// <param name="Range">Where.</param>
/// <param name="Outcome"><c>added</c>, or the name of the error.</param>
/// <param name="Message">What stood in the way; empty where nothing did.</param>
public sealed record HotplugReport(PhysicalRange Range, string Outcome, string Message);
