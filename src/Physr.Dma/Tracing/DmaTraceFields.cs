// Copyright (c) The Physr authors. Licensed under the MIT license.

namespace Physr.Dma.Tracing;

/// <summary>The fields of trace events.</summary>
[Flags]
internal enum DmaTraceFields
{
    None = 0,
    Direction = 1,
    Address = 1 << 1,
    Size = 1 << 2,
    Memory = 1 << 3,
    Attributes = 1 << 4,
    CpuAddress = 1 << 5,
    Addresses = 1 << 6,
    Sizes = 1 << 7,
    Memories = 1 << 8,
    Error = 1 << 9,
    Entries = 1 << 10,
    Segments = 1 << 11,
    Cut = 1 << 12,
    Driver = 1 << 13,
    Mask = 1 << 14,
    MaxSegment = 1 << 15,
    Boundary = 1 << 16,
    Kinds = 1 << 17,
    Write = 1 << 18,
    Step = 1 << 19,
    Offset = 1 << 20,
    Done = 1 << 21,
}
