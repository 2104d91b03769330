// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Machine.Scenarios;

/// <summary>One transfer: bytes from one end to the other through the route's staging memory.</summary>
/// <param name="Name">Unique in the scenario.</param>
/// <param name="From">A namespace or an initiator.</param>
/// <param name="FromOffset">First byte there.</param>
/// <param name="To">A namespace or an initiator, not the same as <paramref name="From"/>.</param>
/// <param name="ToOffset">First byte there.</param>
/// <param name="LengthBytes">Bytes.</param>
/// <param name="ChunkBytes">Bytes moved by one command on each side.</param>
/// <param name="QueueDepth">Chunks in flight.</param>
public sealed record TransferSpec(string Name, string From, ulong FromOffset, string To, ulong ToOffset, ulong LengthBytes, uint ChunkBytes, int QueueDepth);
