// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Cli;

/// <summary>What <c>physr run</c> was asked.</summary>
/// <param name="ScenarioPath">The scenario file.</param>
/// <param name="Seed">A seed that replaces the scenario's, or null.</param>
/// <param name="Files">Backing files by namespace.</param>
/// <param name="IsJson">JSON instead of tables.</param>
/// <param name="TracePath">Where the trace goes, or null.</param>
/// <param name="DumpsMemory">The process's <c>maps</c>, <c>smaps</c> and <c>pagemap</c> too.</param>
/// <param name="IsQuiet">No progress bar.</param>
internal sealed record RunOptions(
    string ScenarioPath,
    ulong? Seed,
    IReadOnlyDictionary<string, string> Files,
    bool IsJson,
    string? TracePath,
    bool DumpsMemory,
    bool IsQuiet);
