// Copyright (c) The Physr authors. Licensed under the MIT license.

using System.Runtime.InteropServices;
using Physr.Dma.Block;

namespace Physr.Storage;

/// <summary>How a copy between devices ended.</summary>
/// <param name="Status">The first failure, or <see cref="BlockStatus.Ok"/>.</param>
/// <param name="Route">How the bytes went; the worst, where it differed.</param>
/// <param name="Bytes">Bytes that arrived.</param>
/// <param name="BouncedBytes">Those that went through memory between the two.</param>
/// <param name="Reason">Why they could not go directly; empty where they did.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct BlockCopyResult(BlockStatus Status, BlockCopyRoute Route, ulong Bytes, ulong BouncedBytes, string Reason);
