// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Reports;

/// <summary>An access that a device made with an address that it had before the memory was taken back.</summary>
/// <param name="Importer">Who.</param>
/// <param name="Buffer">To what.</param>
/// <param name="Access"><c>read</c> or <c>write</c>.</param>
/// <param name="Status">How it ended: the name of a bus status.</param>
public sealed record RefusedAccess(string Importer, string Buffer, string Access, string Status);
