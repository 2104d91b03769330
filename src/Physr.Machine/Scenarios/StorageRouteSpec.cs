// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Storage.Raid;

namespace Physr.Machine.Scenarios;

/// <summary>The array of one route.</summary>
/// <param name="Level">How it spreads its bytes.</param>
/// <param name="ChunkBytes">Bytes of a chunk.</param>
/// <param name="Lost">How many members are lost and rebuilt, one after the other.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct StorageRouteSpec(RaidLevel Level, uint ChunkBytes, int Lost);
