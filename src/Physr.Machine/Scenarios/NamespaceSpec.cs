// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>One NVMe namespace.</summary>
/// <param name="Name">Unique in the scenario; <c>--file NAME=PATH</c> backs it by a file.</param>
/// <param name="SizeBytes">Bytes; a multiple of <paramref name="LbaBytes"/>. A backing file must be at least this long.</param>
/// <param name="LbaBytes">512 or 4096.</param>
/// <param name="BackingPath">The file that holds its blocks, absolute or resolved against the scenario's folder; null is memory, filled from the seed.</param>
public sealed record NamespaceSpec(string Name, ulong SizeBytes, int LbaBytes, string? BackingPath)
{
    /// <summary>Whether no transfer writes to it, so that a backing file need only be readable.</summary>
    public bool IsReadOnly { get; init; }
}
