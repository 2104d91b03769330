// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Raid;

/// <summary>How far a long piece of work is.</summary>
/// <param name="Done">Bytes done.</param>
/// <param name="Total">Bytes altogether.</param>
public readonly record struct RaidProgress(ulong Done, ulong Total);
