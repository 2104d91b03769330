// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Storage.Crash;

/// <summary>One event of a <see cref="StoreTrace"/>.</summary>
/// <param name="Kind">Of what kind.</param>
/// <param name="Medium">On which medium of the trace; -1 for a fence of all and for a mark.</param>
/// <param name="Offset">The first byte; 0 where none.</param>
/// <param name="Value">The unit's 8 bytes after a store, little-endian; the bytes of a flush; the number of a mark.</param>
public readonly record struct TraceEvent(TraceEventKind Kind, int Medium, ulong Offset, ulong Value);
