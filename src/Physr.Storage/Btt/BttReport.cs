// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Btt;

/// <summary>What a look through a translation table found.</summary>
/// <param name="Arenas">Arenas.</param>
/// <param name="Sectors">Sectors they have.</param>
/// <param name="Unfinished">Writes that opening would finish: no damage.</param>
/// <param name="Problems">What is wrong, at most <see cref="BttCheck.MostProblems"/>; empty where all is well.</param>
public sealed record BttReport(int Arenas, ulong Sectors, int Unfinished, IReadOnlyList<string> Problems)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsClean => Problems.Count == 0;
}
